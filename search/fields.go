package search

// Fields of the language that are no fields of the index.
const (
	fieldIs     = "is"
	fieldFolder = "folder"
	fieldBefore = "before"
	fieldAfter  = "after"
	fieldHasYes = "hasattachment" // takes yes and no
	fieldLarger = "larger"
	fieldLess   = "smaller"
	fieldIsRead = "isread"
	fieldIsFlag = "isflagged"
	fieldName   = "category"
)

// All keys below are folded: "tru" is true, "grosse" is Größe and Groesse.

// fieldNames are the spellings of Outlook and Gmail, English and German.
var fieldNames = map[string]string{
	"from": fieldFrom, "von": fieldFrom,
	"to": fieldTo, "an": fieldTo,
	"cc": fieldCc, "kopie": fieldCc,
	"bcc": fieldBcc, "blindkopie": fieldBcc,
	"subject": fieldSubject, "betreff": fieldSubject,
	"body": fieldBody, "text": fieldBody, "inhalt": fieldBody,
	"attachment": fieldAttachment, "attachments": fieldAttachment, "filename": fieldAttachment,
	"anhang": fieldAttachment, "anlage": fieldAttachment, "datei": fieldAttachment, "dateiname": fieldAttachment,
	"has": fieldHas, "hat": fieldHas,
	"hasattachment": fieldHasYes, "hasattachments": fieldHasYes, "hatanhang": fieldHasYes, "hatanlage": fieldHasYes,
	"received": fieldReceived, "erhalten": fieldReceived, "empfangen": fieldReceived, "date": fieldReceived, "datum": fieldReceived,
	"sent": fieldSent, "gesendet": fieldSent,
	"before": fieldBefore, "vor": fieldBefore,
	"after": fieldAfter, "nach": fieldAfter, "since": fieldAfter, "seit": fieldAfter,
	"is": fieldIs, "ist": fieldIs,
	"isread": fieldIsRead, "isflagged": fieldIsFlag,
	"folder": fieldFolder, "in": fieldFolder, "ordner": fieldFolder,
	"category": fieldName, "categories": fieldName, "kategorie": fieldName, "kategorien": fieldName, "label": fieldName,
	"size": fieldSize, "grosse": fieldSize,
	"larger": fieldLarger, "grosser": fieldLarger,
	"smaller": fieldLess, "kleiner": fieldLess,
}

// ordered says whether values of the field can be compared.
func ordered(field string) bool {
	switch field {
	case fieldReceived, fieldSent, fieldSize:
		return true
	}
	return false
}

// states are the values of is:.
var states = map[string]string{
	"unread": "unread", "ungelesen": "unread", "new": "unread", "neu": "unread",
	"read": "read", "gelesen": "read", "seen": "read",
	"flagged": "flagged", "markiert": "flagged", "starred": "flagged", "gekennzeichnet": "flagged",
	"unflagged": "unflagged", "unmarkiert": "unflagged",
	"answered": "answered", "replied": "answered", "beantwortet": "answered",
	"unanswered": "unanswered", "unbeantwortet": "unanswered",
	"draft": "draft", "entwurf": "draft",
}

// yes holds the answers to hasattachment:, isread: and isflagged:.
var yes = map[string]bool{
	"yes": true, "tru": true, "ja": true, "wahr": true, "1": true,
	"no": false, "false": false, "nein": false, "falsch": false, "0": false,
}

// attachmentWords are the values of has:.
var attachmentWords = map[string]bool{"attachment": true, "attachments": true, "anhang": true, "anhange": true, "anlage": true, "anlagen": true, "file": true, "files": true, "datei": true, "dateien": true}

// anywhere is the folder that is every folder.
const anywhere = "anywhere"

// folderNames are the names that people type for the folders that every mailbox has.
var folderNames = map[string]string{
	"inbox": "inbox", "posteingang": "inbox",
	"drafts": "drafts", "draft": "drafts", "entwurfe": "drafts", "entwurf": "drafts",
	"sent": "sent", "sent items": "sent", "sent mail": "sent", "gesendet": "sent", "gesendete elemente": "sent", "gesendete": "sent",
	"archive": "archive", "archiv": "archive",
	"trash": "trash", "bin": "trash", "deleted": "trash", "deleted items": "trash", "papierkorb": "trash",
	"geloscht": "trash", "geloschte elemente": "trash", "geloschte": "trash",
	"junk": "junk", "spam": "junk", "junk e-mail": "junk", "junk-e-mail": "junk", "junk email": "junk",
	anywhere: anywhere, "all": anywhere, "everywhere": anywhere, "uberall": anywhere, "alle": anywhere,
}
