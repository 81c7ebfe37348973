package web

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/signin"
	"holdover/web/page"
)

// box is the mailbox that a request is about: the person's own, or a shared one that they may open.
type box struct {
	id            email.MailboxID
	name, address string
	shared        bool
	base          string // what its pages' addresses begin with: "" or /shared/ADDRESS
}

// boxKey is where openBox leaves the shared mailbox of a request.
const boxKey = "box"

// openBox finds the mailbox that the address names. What a person may not open is answered as what is not
// there is: nobody learns which shared mailboxes exist. The directory is asked at each request, so that
// who is taken out of it is out at once.
func (s *server) openBox(c echo.Context) error {
	name := c.Param("box")
	if name == "" {
		return nil
	}
	if c.Request().URL.RawPath != "" { // then parameters come as they were sent
		plain, err := url.PathUnescape(name)
		if err != nil {
			return mailstore.ErrNotFound
		}
		name = plain
	}
	person := page.PersonOf(c)
	target, err := s.Directory.Resolve(name)
	if err != nil || target.Group != nil || !opens(target.Mailboxes[0], person.Mailbox) {
		return mailstore.ErrNotFound
	}
	c.Set(boxKey, sharedBox(target.Mailboxes[0]))
	r := c.Request()
	c.SetRequest(r.WithContext(mailstore.By(r.Context(), person.Mailbox)))
	return nil
}

// opens says whether a mailbox is a shared one that the person may open.
func opens(m directory.Mailbox, person email.MailboxID) bool {
	return m.Kind == directory.Shared && person != "" && slices.Contains(m.Members, person)
}

// opensTo says whose news a person hears: those of the own mailbox, and of the shared ones that may be
// opened at that moment.
func (s *server) opensTo(person email.MailboxID) func(email.MailboxID) bool {
	return func(m email.MailboxID) bool {
		if m == person {
			return true
		}
		shared, ok := s.Directory.Mailbox(m)
		return ok && opens(shared, person)
	}
}

func sharedBox(m directory.Mailbox) box {
	return box{id: m.ID, name: m.Name, address: m.Address, shared: true, base: "/shared/" + url.PathEscape(m.Address)}
}

func ownBox(p signin.Person) box { return box{id: p.Mailbox, name: p.Name, address: p.Address} }

// boxOf is the mailbox that a request is about.
func boxOf(c echo.Context) box {
	if b, ok := c.Get(boxKey).(box); ok {
		return b
	}
	return ownBox(page.PersonOf(c))
}

func (b box) folder(f mailstore.FolderID) string { return b.base + "/mail/" + string(f) }

func (b box) thread(f mailstore.FolderID, t mailstore.ThreadID) string {
	return b.folder(f) + "/" + string(t)
}

// inThread is a message in its thread: open, whether or not it is the newest, and in view.
func (b box) inThread(f mailstore.FolderID, t mailstore.ThreadID, m email.MessageID) string {
	return unfolded(b.thread(f, t), m)
}

// unfolded is the address of a conversation's page that opens and shows one message.
func unfolded(path string, m email.MessageID) string {
	at, err := url.Parse(path)
	if err != nil {
		return path
	}
	query := at.Query()
	query.Set(openQuery, string(m))
	at.RawQuery, at.Fragment = query.Encode(), "m-"+string(m)
	return at.String()
}

// openQuery names the message of a conversation that is open though it is neither new nor unread.
const openQuery = "open"

// single is one message of a thread, alone.
func (b box) single(f mailstore.FolderID, t mailstore.ThreadID, m email.MessageID) string {
	return b.thread(f, t) + "?m=" + string(m)
}

// message is a page or file of one message.
func (b box) message(id, what string) string { return b.base + "/m/" + id + "/" + what }

// part is the leaf at a place of a message.
func (b box) part(id, place string) string { return b.message(id, "part") + "/" + place }

// image is where the n-th remote image of a message is fetched.
func (b box) image(id string, n int) string { return b.message(id, "image") + "/" + strconv.Itoa(n) }

func (b box) compose(sh sheet) string {
	switch {
	case sh.id != "":
		return b.base + "/compose?" + url.Values{"draft": {string(sh.id)}}.Encode()
	case sh.of != "":
		return b.base + "/compose?" + url.Values{"mode": {sh.mode}, "of": {sh.of}}.Encode()
	}
	return b.base + "/compose"
}
