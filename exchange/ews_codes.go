package exchange

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// said is an error in Exchange's words, from a SOAP fault or from one part of an answer.
type said struct {
	code  string // e.g. ErrorServerBusy
	words string
	after time.Duration
}

// readError reads a part of an answer; "" is no error. Only Success with NoError is success: what
// a failed batch leaves undone comes as a warning.
func readError(part *node) said {
	s := said{code: part.kid("ResponseCode").value(), words: part.kid("MessageText").value()}
	if part.attr("ResponseClass") == "Success" && s.code == "NoError" {
		return said{}
	}
	if s.code == "" || s.code == "NoError" {
		s.code = "ErrorUnknown"
	}
	s.details(part)
	return s
}

func readFault(fault *node) said {
	s := said{words: fault.kid("faultstring").value()}
	fault.each(func(n *node) {
		if n.Local == "ResponseCode" {
			s.code = n.value()
		}
	})
	if s.code == "" {
		_, s.code, _ = strings.Cut(fault.kid("faultcode").value(), ":")
	}
	s.details(fault)
	return s
}

// details reads MessageXml: the time to wait, and the true reason inside of a general error.
func (s *said) details(in *node) {
	general := strings.HasPrefix(s.code, "ErrorInternalServer")
	in.each(func(n *node) {
		if n.Local != "Value" {
			return
		}
		switch name := n.attr("Name"); {
		case name == "BackOffMilliseconds":
			if ms, err := strconv.ParseUint(n.value(), 10, 31); err == nil {
				s.after = min(time.Duration(ms)*time.Millisecond, time.Hour)
			}
		case general && strings.HasSuffix(name, "ResponseCode") && strings.HasPrefix(n.value(), "Error"):
			s.code = n.value()
		}
	})
}

// outcome is what a code of Exchange means to us, and what a person can do about it.
type outcome struct {
	kind   error
	remedy string
}

const (
	remedyRole   = "Give the service account the management role ApplicationImpersonation for this mailbox (docs/operating.md), then retry."
	remedyFull   = "The mailbox in Exchange is full: make room there, then retry."
	remedyFolder = "Create the folder in Exchange or map it in the configuration, then retry."
	remedyItem   = "Exchange cannot take this message by EWS: use another way for it or put it back by hand."
)

// meanings are the codes that need no second thought. What is missing is refused for now: after
// many tries a person sees it with Exchange's words.
func meanings() map[string]outcome {
	m := map[string]outcome{}
	add := func(o outcome, codes ...string) {
		for _, code := range codes {
			m[code] = o
		}
	}
	add(outcome{ErrThrottled, ""}, "ErrorServerBusy", "ErrorExceededConnectionCount", "ErrorExceededFindCountLimit", "ErrorExceededSubscriptionCount")
	add(outcome{ErrTemporary, ""}, "ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable", "ErrorMailboxFailover", "ErrorBatchProcessingStopped",
		"ErrorIrresolvableConflict", "ErrorStaleObject", "ErrorChangeKeyRequiredForWriteOperations", "ErrorInvalidChangeKey", "ErrorConnectionFailed", "ErrorInsufficientResources",
		"ErrorNotEnoughMemory", "ErrorADUnavailable", "ErrorADOperation", "ErrorInternalServerTransientError", "ErrorFolderCorrupt")
	add(outcome{ErrRefused, remedyFull}, "ErrorQuotaExceeded")
	add(outcome{ErrUnsuited, remedyItem}, "ErrorMessageSizeExceeded", "ErrorMimeContentInvalid", "ErrorMimeContentInvalidBase64String",
		"ErrorMimeContentConversionFailed", "ErrorContentConversionFailed", "ErrorPropertyValidationFailure")
	add(outcome{ErrRefused, remedyItem}, "ErrorSchemaValidation", "ErrorInvalidRequest", "ErrorCorruptData", "ErrorMissingManagedFolderId")
	add(outcome{ErrGone, ""}, "ErrorItemNotFound", "ErrorInvalidId", "ErrorInvalidIdMalformed", "ErrorInvalidIdEmpty", "ErrorInvalidIdNotAnItemAttachmentId", "ErrorObjectTypeChanged")
	add(outcome{ErrNoFolder, remedyFolder}, "ErrorFolderNotFound", "ErrorParentFolderNotFound", "ErrorToFolderNotFound", "ErrorManagedFolderNotFound")
	add(outcome{ErrLogin, remedyRole}, "ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed", "ErrorAccessDenied",
		"ErrorAccountDisabled", "ErrorInvalidExchangeImpersonationHeaderData", "ErrorImpersonationRequired")
	add(outcome{ErrUnknownMailbox, "Create the mailbox in Exchange or give it this address as its primary one, then retry."},
		"ErrorNonExistentMailbox", "ErrorInvalidSmtpAddress", "ErrorNonPrimarySmtpAddress", "ErrorMissingEmailAddress", "ErrorNoMailbox")
	add(outcome{ErrRoute, "This server does not speak the web services of Exchange 2013 SP1 or later: check the address."},
		"ErrorInvalidServerVersion", "ErrorIncorrectSchemaVersion")
	return m
}

// failure is the one place where Exchange's codes become outcomes. changes says that the call may
// have taken effect all the same where Exchange itself does not know.
func (c *EWS) failure(op string, s said, changes bool) error {
	o, known := meanings()[s.code]
	f := &Failure{Kind: o.kind, Op: op, Code: oneLine(s.code), Words: oneLine(s.words), Remedy: o.remedy, After: s.after}
	switch {
	case !known && changes && (s.code == "ErrorTimeoutExpired" || strings.HasPrefix(s.code, "ErrorInternalServer")):
		f.Kind = ErrDoubt // it may have stored the item before its time was over
	case s.code == "ErrorInternalServerTransientError" && changes:
		f.Kind = ErrDoubt
	case !known:
		f.Kind = ErrTemporary
	case f.Kind == ErrThrottled && f.After == 0:
		f.After = 30 * time.Second
	case c.o.Hybrid && s.code == "ErrorNonExistentMailbox":
		f.Kind, f.Remedy = ErrElsewhere, ""
	}
	return f
}

// codeIs says whether Exchange answered with one of the codes.
func codeIs(err error, codes ...string) bool {
	var f *Failure
	if !errors.As(err, &f) {
		return false
	}
	for _, code := range codes {
		if f.Code == code {
			return true
		}
	}
	return false
}
