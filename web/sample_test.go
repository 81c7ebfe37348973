package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// pixel is a PNG of one point.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// sample fills Katrin's mailbox as a person's is on such a day and starts the outage of 13:58.
func (h *house) sample() {
	h.t.Helper()
	h.deliver(katrin, letter{from: "Bundesverband der Energie- und Wasserwirtschaft <umfrage@bdew.example>", subject: "Umfrage zur Krisenvorsorge kommunaler Versorger",
		text: "Ihre Rückmeldung bis 4. Dezember hilft uns, die Position des Verbandes zu schärfen.", seen: true, ago: 70 * time.Hour})
	h.deliver(katrin, letter{from: "Jens Petersen <" + jens + ">", subject: "Neue Notfallkarten liegen in der Poststelle", text: "Bitte abholen und ins Portemonnaie stecken.", seen: true, ago: 71 * time.Hour, origin: mailstore.FromExchange})
	h.deliver(katrin, letter{from: "Tomasz Wiśniewski <t.wisniewski@lieferant.example>", subject: "Rechnung RE-2026-10443, Skonto bis 30.11.", text: "Sehr geehrte Damen und Herren, in der Anlage finden Sie unsere Rechnung", seen: true, ago: 110 * time.Minute})
	h.deliver(katrin, letter{from: "Personalabteilung <personal@ahrenfeld.example>", subject: "Bitte bis Freitag: Resturlaub 2026 eintragen", text: "Liebe Kolleginnen und Kollegen, der Betriebsrat und wir bitten Sie, den Resturlaub einzutragen.", seen: true, ago: 32 * time.Minute, origin: mailstore.FromExchange})
	for i := range 9 {
		h.deliver(katrin, letter{from: "Leitstelle <leitstelle@ahrenfeld.example>", subject: fmt.Sprintf("Schichtbericht %d", 312+i), text: "Keine besonderen Vorkommnisse.", seen: true, ago: time.Duration(24*(2+i)) * time.Hour, origin: mailstore.FromExchange})
	}
	h.conversationSample()
	h.deliver(katrin, letter{from: "Dr.-Ing. Maximilian Freiherr von Hohenlohe-Schillingsfürst <hohenlohe@gutachter.example>",
		subject: "Gutachten Standsicherheit Kühlturm 2: Nachforderung der Unterlagen nach § 18 BImSchG", text: "Sehr geehrte Frau Wessel, anbei erhalten Sie die überarbeitete Fassung mit den Anmerkungen.", ago: 11 * time.Minute})
	h.deliver(katrin, letter{from: "Zustelldienst <mailer-daemon@ahrenfeld.example>", subject: "Nicht zugestellt: Angebot 2026-1187 an Haverkamp", text: "Die Adresse einkauf@haverkamp-anlagenbau.example gibt es beim Empfänger nicht.", ago: 3 * time.Minute})
	newest := h.deliver(katrin, letter{from: "Markus Brandstätter <m.brandstaetter@ahrenfeld.example>", subject: "AW: Störung Umspannwerk Süd – Ersatztrafo bis Montag?",
		text: "Hallo Katrin,\n\nder Tieflader ist bestellt, Genehmigung für die Brücke fehlt noch. Die Strecke steht unter https://karte.ahrenfeld.example/sued?x=1.\n\nKannst du nachfassen?\n\nGruß\nMarkus\n\nAm 23.11.2026 um 13:40 schrieb Katrin Wessel:\n> Hallo Markus,\n> geht der Ersatztrafo bis Montag?\n> Katrin", ago: time.Minute})
	yes := true
	must(h.t, h.mail.SetFlags(context.Background(), mailstore.FromPortal, h.box(katrin), []email.MessageID{newest}, mailstore.FlagChange{Flagged: &yes}))
	h.clock.Pass(-14 * time.Minute)
	h.start("outage")
	h.clock.Pass(14 * time.Minute)
}

// conversationSample is a thread with own mail, attachments, HTML and a state that waits.
func (h *house) conversationSample() {
	h.t.Helper()
	const subject = "Delivery slot for spare rotor, PO 45-00917"
	h.deliver(katrin, letter{id: "rotor1@northgate.example", subject: subject, text: "Dear Ms Wessel,\n\nthe rotor passed its final inspection this morning.", seen: true, ago: 100 * time.Minute})
	h.deliver(katrin, letter{from: "Katrin Wessel <" + katrin + ">", to: "olivia@northgate.example", id: "rotor2@ahrenfeld.example", answers: "rotor1@northgate.example", subject: "Re: " + subject,
		text: "Dear Olivia,\n\ngood news. Our crane is booked for Monday 07:00.", seen: true, folder: mailstore.Sent, origin: mailstore.FromExchange, ago: 84 * time.Minute})
	boundary := "----=_rotor"
	body := "<p>Dear Katrin,</p><p>we can hold the lorry until <b>16:30 CET</b>, but I need a yes from your side before half past two.</p><p><img src=\"cid:logo\" alt=\"Northgate\" width=24></p>" +
		"<p><img src=\"https://tracker.example/p.gif\">Best wishes<br>Olivia</p><p><a href=\"https://northgate.example/\">northgate.example</a></p>"
	raw := "From: Olivia Hartley <olivia@northgate.example>\r\nTo: Katrin Wessel <" + katrin + ">, Markus <m.brandstaetter@ahrenfeld.example>\r\nCc: leitstelle@ahrenfeld.example\r\nSubject: Re: " + subject +
		"\r\nMessage-ID: <rotor3@northgate.example>\r\nIn-Reply-To: <rotor2@ahrenfeld.example>\r\nReferences: <rotor1@northgate.example> <rotor2@ahrenfeld.example>\r\nDate: Mon, 23 Nov 2026 14:05:00 +0100\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\nContent-Type: multipart/related; boundary=\"rel\"\r\n\r\n--rel\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body +
		"\r\n--rel\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n" + pixel + "\r\n--rel--\r\n" +
		fileOf(boundary, "application/pdf", "Delivery note DN-88213.pdf", strings.Repeat("x", 1<<15)) +
		fileOf(boundary, "image/jpeg", "Rotor crate, lifting points.jpg", "<script>alert(1)</script>") +
		fileOf(boundary, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Schwertransport_Genehmigung_Brueckenquerung_Elbbruecke_Entwurf_v3_final.docx", "PK") +
		"--" + boundary + "--\r\n"
	h.deliver(katrin, letter{raw: raw, ago: 7 * time.Minute})
	own := h.deliver(katrin, letter{from: "Katrin Wessel <" + katrin + ">", to: "Olivia Hartley <olivia@northgate.example>", answers: "rotor3@northgate.example", subject: "Re: " + subject,
		text: "Dear Olivia,\n\nyes, please hold the lorry until 16:30. Markus will meet the driver at gate 3.\n\nKind regards\nKatrin", seen: true, folder: mailstore.Sent, origin: mailstore.FromPortal, ago: 2 * time.Minute})
	h.sync.ByID = map[email.MessageID]syncback.State{own: syncback.Waiting}
}

func fileOf(boundary, kind, name, octets string) string {
	return "--" + boundary + "\r\nContent-Type: " + kind + "; name=\"" + name + "\"\r\nContent-Disposition: attachment; filename=\"" + name +
		"\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(octets)) + "\r\n"
}
