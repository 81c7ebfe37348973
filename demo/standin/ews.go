package standin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The EWS face, as Exchange on-premises speaks it: POST /EWS/Exchange.asmx, basic or NTLM
// authentication of the service account, which impersonates mailboxes.
//
// Points of faults: "call" before any operation; the operation's name ("CreateItem") before it, and
// with " done" after it has taken effect; with " item" before each item of a batch; "page" for each
// page of FindItem. A reply's Code is the HTTP status. Its Text is
//
//	""                                          an empty answer with that status
//	"ErrorServerBusy 30000"                     with 500 a SOAP fault, the number being BackOffMilliseconds
//	"ErrorTimeoutExpired"                       with 200 an answer with that code
//	"ErrorInternalServerError ErrorServerBusy"  with 200 the same with the true reason inside
//	"<..."                                      these octets and nothing else
//
// At " item" the item gets the code and all that follow get ErrorBatchProcessingStopped; at "page"
// the page holds as many items as the number says, and says that there are more.
// An organisation without EWS (Online) is {Face: "ews", Point: "call", Do: "reply", Code: 403}.

// Items that one page of FindItem holds at most, whatever is asked for: Exchange has limits of its own.
const ewsPageMost = 60

const ewsRequestMost = 64 << 20

// ewsCall is one request, authenticated and held to the schema.
type ewsCall struct {
	*Exchange
	r       *http.Request
	mailbox string
	op      string
	body    *element
}

func (e *Exchange) ewsHandler() http.Handler {
	door := newEWSDoor(e)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.EqualFold(r.URL.Path, "/EWS/Exchange.asmx"):
			http.NotFound(w, r)
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case door.open(w, r):
			e.serveEWS(w, r)
		}
	})
}

func (e *Exchange) serveEWS(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	root, err := readXML(http.MaxBytesReader(w, r.Body, ewsRequestMost))
	if tooLarge(err) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if err == nil {
		err = root.check(ewsSchema())
	}
	if err != nil {
		writeFault(w, ewsError{code: "ErrorSchemaValidation", words: "The request failed schema validation: " + err.Error()})
		return
	}
	c := &ewsCall{Exchange: e, r: r, body: root.kid("s:Body").kids[0]}
	c.op = strings.TrimPrefix(c.body.name, "m:")
	if problem := c.impersonate(root.kid("s:Header")); problem != nil {
		writeFault(w, *problem)
		return
	}
	for _, point := range []string{"call", c.op} {
		if rule, met := e.meet(r, "ews", point, c.mailbox); met {
			c.play(w, rule)
			return
		}
	}
	answers := c.run()
	if rule, met := e.meet(r, "ews", c.op+" done", c.mailbox); met {
		c.play(w, rule)
		return
	}
	c.write(w, answers)
}

// impersonate finds the mailbox the call is for. A mailbox on the other side of a hybrid
// organisation is no mailbox here.
func (c *ewsCall) impersonate(header *element) *ewsError {
	sid := header.kid("t:ExchangeImpersonation", "t:ConnectingSID")
	if sid == nil {
		return &ewsError{code: "ErrorMissingEmailAddress", words: "When making a request as an account that does not have a mailbox, you must specify the mailbox primary SMTP address."}
	}
	address := sid.all()[0].value()
	primary, ok := c.store.Resolve(address)
	fate := c.store.Fate(primary, OnPremises)
	switch {
	case !ok || fate == Unknown || fate == Elsewhere:
		return &ewsError{code: "ErrorNonExistentMailbox", words: "The SMTP address has no mailbox associated with it."}
	case sid.all()[0].name == "t:PrimarySmtpAddress" && !strings.EqualFold(primary, address):
		return &ewsError{code: "ErrorNonPrimarySmtpAddress", words: "The primary SMTP address must be specified when referencing a mailbox."}
	}
	c.mailbox = primary
	return nil
}

// run does the operation, one answer for each thing asked for.
func (c *ewsCall) run() []ewsResult {
	switch fate := c.store.Fate(c.mailbox, OnPremises); fate {
	case Unavailable:
		return c.refuseAll("ErrorMailboxStoreUnavailable", "The mailbox database is temporarily unavailable.")
	case Moving:
		return c.refuseAll("ErrorMailboxMoveInProgress", "The mailbox is being moved.")
	}
	switch c.op {
	case "CreateItem":
		return c.batch(c.body.kid("m:Items").all(), c.createItem)
	case "GetItem":
		return c.batch(c.body.kid("m:ItemIds").all(), c.getItem)
	case "UpdateItem":
		return c.batch(c.body.kid("m:ItemChanges").all(), c.updateItem)
	case "MoveItem":
		return c.batch(c.body.kid("m:ItemIds").all(), c.moveItem)
	case "DeleteItem":
		return c.batch(c.body.kid("m:ItemIds").all(), c.deleteItem)
	case "FindItem":
		return c.batch(c.body.kid("m:ParentFolderIds").all(), c.findItem)
	case "UpdateFolder":
		return c.batch(c.body.kid("m:FolderChanges").all(), c.updateFolder)
	case "DeleteFolder":
		return c.batch(c.body.kid("m:FolderIds").all(), c.deleteFolder)
	case "GetFolder":
		return c.batch(c.body.kid("m:FolderIds").all(), c.getFolder)
	case "FindFolder":
		return c.batch(c.body.kid("m:ParentFolderIds").all(), c.findFolder)
	}
	return c.batch(c.body.kid("m:Folders").all(), c.createFolder)
}

func (c *ewsCall) refuseAll(code, words string) []ewsResult {
	return []ewsResult{{err: &ewsError{code: code, words: words}}}
}

// batch does one thing after the other; a rule at an item stops the rest.
func (c *ewsCall) batch(list []*element, one func(*element) (string, *ewsError)) (all []ewsResult) {
	stopped := false
	for _, e := range list {
		if stopped {
			all = append(all, ewsResult{err: &ewsError{code: "ErrorBatchProcessingStopped", words: "The batch was stopped by an earlier error.", warning: true}})
			continue
		}
		if rule, met := c.meet(c.r, "ews", c.op+" item", c.mailbox); met {
			said := readRule(rule)
			all, stopped = append(all, ewsResult{err: &said}), true
			continue
		}
		content, err := one(e)
		all = append(all, ewsResult{content: content, err: err})
	}
	return all
}

// play answers what a rule says.
func (c *ewsCall) play(w http.ResponseWriter, rule Fault) {
	status, said := rule.Code, readRule(rule)
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case rule.Text == "":
		w.WriteHeader(status)
	case strings.HasPrefix(rule.Text, "<"):
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprint(w, rule.Text)
	case status == http.StatusInternalServerError:
		writeFault(w, said)
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", rule.Text)
		w.WriteHeader(status)
	default:
		c.write(w, []ewsResult{{err: &said}})
	}
}

// readRule reads a rule's text: a code, the true code inside of it, and milliseconds.
func readRule(rule Fault) (said ewsError) {
	for _, word := range strings.Fields(rule.Text) {
		ms, err := strconv.Atoi(word)
		switch {
		case err == nil:
			said.backOff = ms
		case said.code == "":
			said.code = word
		default:
			said.inner = word
		}
	}
	said.words = "The server cannot service this request right now. Try again later."
	return said
}
