package views

// SignIn is what the sign-in page shows besides the organisation.
type SignIn struct {
	Back    string // where to go on after signing in
	Down    string // since when Exchange is down for everybody, "" when it is not
	Saved   string // when something was saved that somebody wrote as their session ended, "" nothing was
	Trouble string // words of what went wrong: "failed", "refused", "nomailbox", or ""
}

func (p Page) failureButton() string {
	if p.Person == nil {
		return p.Words.T("signin.title")
	}
	return p.Words.T("error.back")
}

// signInName is the emergency service's name while there is an emergency.
func (p Page) signInName(m SignIn) string {
	if m.Down != "" {
		return p.Words.T("service.name")
	}
	return p.Words.T("service.calm")
}
