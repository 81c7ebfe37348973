package views

// Notices is the page about home screen and notifications.
type Notices struct{ Key string } // our public key; "" when the administrator has them off

var noticeStates = []string{"on", "off", "denied", "unable", "failed"}
