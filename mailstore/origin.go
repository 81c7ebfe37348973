package mailstore

// Origin says who caused a change (design L2).
type Origin string

// Origins of changes.
const (
	FromOutside  Origin = "outside"
	FromPortal   Origin = "portal"
	FromClient   Origin = "client"
	FromRule     Origin = "rule"
	FromAdmin    Origin = "admin"
	FromExchange Origin = "exchange"
	FromExpiry   Origin = "expiry"
	FromErasure  Origin = "erasure"
	FromRebuild  Origin = "rebuild"
	FromFound    Origin = "found" // a file without a row
)

// Told says whether changes of this origin are ever told to Exchange (L2). Found files whose block
// says that a person or the world outside caused them take that origin, since their 250 may have
// been given.
func (o Origin) Told() bool {
	switch o {
	case FromOutside, FromPortal, FromClient, FromRule, FromAdmin:
		return true
	}
	return false
}
