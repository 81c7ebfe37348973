package views

// stories has a line for each component: its name, itself, what it has to stand in, and the names of its parameters that
// are strings, in their order, since what may stand in them goes by name. TestStorybookIsComplete says which is missing.
var stories = []story{

	// archive.templ
	{"ArchivePage", ArchivePage, asPage, ""},
	{"archiveLines", archiveLines, asPart, ""},
	{"journalWays", journalWays, asPart, ""},

	// body.templ
	{"document", document, asMail, "title"},
	{"safeHTML", safeHTML, asPart, "safe"},
	{"Body", Body, asMail, "title safe"},
	{"Costly", Costly, asMail, "title source"},

	// calendar.templ
	{"invitation", invitation, asPart, ""},
	{"conflicts", conflicts, asPart, ""},
	{"invitationAnswer", invitationAnswer, asPart, ""},
	{"invitationFile", invitationFile, asPart, ""},
	{"AgendaPage", AgendaPage, asPage, ""},

	// category.templ
	{"categories", categories, asPart, "names"},
	{"categoryMenu", categoryMenu, asPart, ""},
	{"newCategory", newCategory, asMenu, ""},
	{"messageCategories", messageCategories, asPart, ""},
	{"NewCategory", NewCategory, asPage, ""},

	// check.templ
	{"check", check, asPart, ""},

	// compose.templ
	{"ComposePage", ComposePage, asPage, ""},
	{"ComposeForm", ComposeForm, asPart, ""},
	{"editor", editor, asPart, ""},
	{"senderLine", senderLine, asPart, ""},
	{"recipientLine", recipientLine, asPart, ""},
	{"faultSummary", faultSummary, asPart, ""},
	{"inserts", inserts, asPart, ""},
	{"doubts", doubts, asPart, ""},
	{"conflictNote", conflictNote, asPart, ""},
	{"draftFiles", draftFiles, asPart, ""},
	{"composeBar", composeBar, asPart, ""},
	{"Suggestions", Suggestions, asPart, ""},
	{"SuggestionPage", SuggestionPage, asPage, ""},
	{"UndoLatePage", UndoLatePage, asPage, ""},

	// conversation.templ
	{"ConversationPage", ConversationPage, asPage, ""},
	{"readPane", readPane, asPart, ""},
	{"conversationHead", conversationHead, asPart, ""},
	{"seenForm", seenForm, asPart, ""},
	{"message", message, asPart, ""},
	{"envelope", envelope, asPart, ""},
	{"fileList", fileList, asPart, ""},
	{"content", content, asPart, ""},
	{"damagedNote", damagedNote, asPart, ""},
	{"frame", frame, asPart, ""},
	{"plain", plain, asPart, "id"},
	{"runs", runs, asPart, ""},
	{"answerBar", answerBar, asPart, ""},
	{"answer", answer, asPart, "class mode picture of"},

	// desk.templ
	{"deskFrame", deskFrame, asPage, "here"},
	{"deskLink", deskLink, asPart, "here name url picture"},
	{"DeskPage", DeskPage, asPage, ""},
	{"deskAlarms", deskAlarms, asPart, ""},
	{"tile", tile, asItem, ""},
	{"eventRows", eventRows, asPart, ""},

	// desk_dryrun.templ
	{"DryRunPage", DryRunPage, asPage, ""},

	// desk_event.templ
	{"EventShow", EventShow, asPage, ""},
	{"endForm", endForm, asPart, ""},
	{"EventProgress", EventProgress, asPart, ""},
	{"countBar", countBar, asPart, ""},
	{"parkedNote", parkedNote, asPart, ""},
	{"retryForm", retryForm, asPart, "event box seq"},

	// desk_refill.templ
	{"RefillsPage", RefillsPage, asPage, ""},
	{"refillTime", refillTime, asPart, "name value"},
	{"RefillPage", RefillPage, asPage, ""},

	// desk_release.templ
	{"ReleasePage", ReleasePage, asPage, ""},
	{"backTo", backTo, asPart, "url"},
	{"canaryTable", canaryTable, asPart, ""},
	{"releaseForms", releaseForms, asPart, ""},
	{"identities", identities, asPart, ""},
	{"ExchangePage", ExchangePage, asPage, ""},
	{"switchForm", switchForm, asPart, ""},
	{"limitTable", limitTable, asPart, ""},

	// desk_report.templ
	{"accountOf", accountOf, asPart, ""},
	{"boxTable", boxTable, asPart, "heads capped"},
	{"boxesIn", boxesIn, asPart, "heads"},
	{"EntriesPage", EntriesPage, asPage, ""},
	{"chipLink", chipLink, asPart, ""},
	{"turnPages", turnPages, asPart, "first next"},
	{"entryTable", entryTable, asPart, "event title"},
	{"ReportPage", ReportPage, asWhole, ""},

	// desk_start.templ
	{"StartPage", StartPage, asPage, ""},
	{"radio", radio, asPart, "name"},
	{"checks", checks, asPart, "legend name"},
	{"deskFaults", deskFaults, asPart, "heading"},

	// error.templ
	{"Failure", Failure, asPage, "words at"},

	// fate.templ
	{"fate", fate, asPart, "id"},
	{"seal", seal, asPart, ""},
	{"attached", attached, asPart, ""},

	// folders.templ
	{"FoldersPage", FoldersPage, asPage, ""},
	{"folderFields", folderFields, asPart, ""},
	{"folderFault", folderFault, asPart, "id text"},
	{"madeFolder", madeFolder, asItem, ""},
	{"TargetPage", TargetPage, asPage, ""},
	{"pickFields", pickFields, asPart, ""},

	// forgood.templ
	{"ForGood", ForGood, asPage, "folder picks"},

	// handback.templ
	{"toOutlook", toOutlook, asPart, "class"},
	{"handback", handback, asPart, ""},
	{"handbackPlace", handbackPlace, asPart, ""},
	{"Around", Around, asPart, ""},

	// icons.templ
	{"icon", icon, asPart, "name"},
	{"smallIcon", smallIcon, asPart, "name"},
	{"largeIcon", largeIcon, asPart, "name"},
	{"twist", twist, asPart, ""},
	{"sprite", sprite, asPart, ""},
	{"editorSprite", editorSprite, asPart, ""},

	// images.templ
	{"images", images, asPart, ""},

	// keys.templ
	{"KeysPage", KeysPage, asPage, ""},

	// layout.templ
	{"Layout", Layout, asWhole, ""},
	{"head", head, asHead, ""},
	{"header", header, asHead, ""},
	{"logo", logo, asPart, ""},
	{"account", account, asPart, ""},
	{"languages", languages, asPart, ""},
	{"Band", Band, asPart, ""},
	{"can", can, asItem, "class picture lead text"},
	{"Panes", Panes, asPage, "only"},
	{"Toast", Toast, asPart, ""},
	{"homeHint", homeHint, asPart, ""},
	{"Fragment", Fragment, asWhole, ""},
	{"folderNav", folderNav, asPart, ""},
	{"folderLinks", folderLinks, asPart, "where"},
	{"folderLink", folderLink, asPart, ""},

	// list.templ
	{"ListPane", ListPane, asPart, ""},
	{"singleSwitch", singleSwitch, asPart, ""},
	{"singleField", singleField, asPart, ""},
	{"heading", heading, asPart, "class text"},
	{"folderPicker", folderPicker, asPart, ""},
	{"toolbar", toolbar, asPart, ""},
	{"toolButton", toolButton, asPart, ""},
	{"findButton", findButton, asPart, ""},
	{"moveMenu", moveMenu, asPart, "where"},
	{"rowsHeading", rowsHeading, asPart, ""},
	{"rows", rows, asPart, ""},
	{"row", row, asItem, ""},
	{"pieces", pieces, asPart, ""},
	{"marks", marks, asPart, ""},
	{"pager", pager, asPart, ""},
	{"emptyFolder", emptyFolder, asPart, ""},
	{"ListPage", ListPage, asPage, ""},
	{"hello", hello, asPart, ""},

	// notice.templ
	{"NoticesPage", NoticesPage, asPage, ""},
	{"OfflinePage", OfflinePage, asPage, ""},

	// preview.templ
	{"PreviewPage", PreviewPage, asPage, ""},
	{"previewProblem", previewProblem, asPart, ""},
	{"previewSheet", previewSheet, asPart, "file"},
	{"previewTable", previewTable, asPart, ""},

	// print.templ
	{"Print", Print, asWhole, "title printed"},
	{"printedHead", printedHead, asHead, ""},
	{"printedField", printedField, asTerm, "name value"},

	// public.templ
	{"foot", foot, asPart, ""},
	{"legalLink", legalLink, asPart, ""},
	{"AccessiblePage", AccessiblePage, asPage, "at"},
	{"statementList", statementList, asPart, "texts"},
	{"legalHint", legalHint, asPart, "missing"},

	// receipts.templ
	{"ReceiptsPage", ReceiptsPage, asPage, ""},
	{"receiptTable", receiptTable, asPart, ""},

	// rescue.templ
	{"GivenBackPage", GivenBackPage, asPage, ""},
	{"givenNote", givenNote, asPart, ""},
	{"sessionLine", sessionLine, asPart, ""},
	{"SessionAnswer", SessionAnswer, asPart, ""},
	{"StayPage", StayPage, asPage, ""},

	// resent.templ
	{"resentNote", resentNote, asPart, ""},
	{"SentDraftPage", SentDraftPage, asPage, ""},

	// said.templ
	{"said", said, asPart, ""},

	// search.templ
	{"SearchPage", SearchPage, asPage, ""},
	{"searchForm", searchForm, asPart, ""},
	{"chips", chips, asPart, ""},
	{"narrow", narrow, asPart, ""},
	{"elsewhere", elsewhere, asPart, ""},
	{"found", found, asPart, ""},
	{"nothing", nothing, asPart, "picture title text"},

	// sending.templ
	{"onItsWay", onItsWay, asPart, ""},

	// shared.templ
	{"sharedBoxes", sharedBoxes, asPart, "where"},
	{"boxLine", boxLine, asPart, ""},

	// signin.templ
	{"SignInPage", SignInPage, asWhole, ""},
	{"ways", ways, asPart, ""},
	{"proofs", proofs, asPart, ""},

	// waiting.templ
	{"badge", badge, asPart, ""},
	{"WaitingPage", WaitingPage, asPage, ""},
	{"waitingChanges", waitingChanges, asPart, ""},
	{"waitingSends", waitingSends, asPart, ""},
}
