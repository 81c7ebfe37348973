package mta

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/emersion/go-smtp"

	"holdover/directory"
	"holdover/mailstore"
)

// refuse is an answer of our own making.
func refuse(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

// reply is the one place where an error becomes an SMTP answer; every method of a session ends in
// it. What is not proven permanent is temporary, and a stranger never reads our error text.
func reply(err error, log *slog.Logger) error {
	var answer *smtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer):
		return answer // unwrapped: go-smtp would make a wrapped one a permanent 554
	case errors.Is(err, errGone): // nobody hears the answer
		return refuse(451, 4, 4, 2, "the connection broke")
	case errors.Is(err, directory.ErrUnknown):
		return refuse(550, 5, 1, 1, "no such mailbox here")
	case errors.Is(err, mailstore.ErrFull):
		log.Error("mail deferred: storage is below its reserve")
		return refuse(452, 4, 3, 1, "storage is full, try later")
	}
	log.Error("mail deferred", "error", err) // database.ErrBusy, mailstore.ErrUnhealthy, whatever else
	return refuse(451, 4, 3, 0, "try later")
}

// line is an answer as it stands on the wire.
func line(answer error) string {
	var a *smtp.SMTPError
	if !errors.As(answer, &a) {
		return "451 4.3.0 try later"
	}
	return fmt.Sprintf("%d %d.%d.%d %s", a.Code, a.EnhancedCode[0], a.EnhancedCode[1], a.EnhancedCode[2], a.Message)
}
