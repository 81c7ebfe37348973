package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// routine is the daily mail around the threads of the script: short exchanges whose words are
// drawn by the seed, a weekly newsletter, and for everybody one letter from outside a week ago
// that has an attachment.
func routine(r *rand.Rand) []thread {
	people := staff()
	var all []thread
	for i, p := range people {
		all = append(all, personal(p, i))
		for range 9 {
			all = append(all, chat(r, p, people[r.IntN(len(people))]))
		}
		fresh := request(r, p) // everybody has something unread
		fresh.day, fresh.steps = 0.9, fresh.steps[:1]
		fresh.steps[0].unread = true
		all = append(all, fresh)
		for range 4 {
			all = append(all, request(r, p))
		}
	}
	for week := range 4 {
		all = append(all, newsletters(week)...)
	}
	for _, p := range People() {
		if p.Shared {
			all = append(all, questions(p)...)
		}
	}
	return all
}

// questions are what citizens write to a shared mailbox: some are answered, the latest are not read yet.
func questions(p Person) (all []thread) {
	for i, q := range [][3]string{
		{"Öffnungszeiten am Brückentag", "Guten Tag,\n\nhaben Sie am Freitag nach dem Feiertag geöffnet? Auf der Internetseite steht nichts.\n\nDanke\n{w}", ""},
		{"Neuer Personalausweis: welche Unterlagen?", "Guten Tag,\n\nmein Ausweis läuft im Januar ab. Was muss ich mitbringen, und geht es auch ohne Termin?\n\nFreundliche Grüße\n{w}", ""},
		{"Sperrmüll in der Hafenstraße", "Guten Tag,\n\nunser Sperrmüll wurde am Montag nicht abgeholt. Wann kommt der Wagen wieder?\n\n{w}", "Guten Tag,\n\nder Wagen hatte eine Panne. Er kommt am Donnerstag ab 7 Uhr.\n\nMit freundlichen Grüßen\nIhr Bürgerbüro"},
		{"Meldebescheinigung für das Studium", "Guten Tag,\n\nich brauche eine Meldebescheinigung. Kann ich sie per Post bekommen?\n\nMit freundlichen Grüßen\n{w}", "Guten Tag,\n\nja, wir schicken sie Ihnen heute zu. Die Gebühr liegt als Rechnung bei.\n\nMit freundlichen Grüßen\nIhr Bürgerbüro"},
		{"Fundsache: roter Kinderroller", "Hallo,\n\nmein Sohn hat seinen roten Roller am Spielplatz vergessen. Ist er bei Ihnen abgegeben worden?\n\n{w}", "Guten Tag,\n\nja, er steht hier. Bitte bringen Sie einen Ausweis mit.\n\nIhr Bürgerbüro"},
	} {
		writers := outsiders()
		writer := writers[(2*i+1)%len(writers)]
		name, _, _ := strings.Cut(writer, " <")
		t := thread{subject: q[0], day: 0.4 + 1.7*float64(i), steps: []step{{from: writer, to: []string{p.Local}, text: strings.ReplaceAll(q[1], "{w}", name), unread: q[2] == ""}}}
		if q[2] != "" {
			t.steps = append(t.steps, step{from: p.Local, to: []string{writer}, hours: 2 + float64(i), text: q[2]})
		}
		all = append(all, t)
	}
	return all
}

func staff() (people []Person) {
	for _, p := range People() {
		if !p.Shared {
			people = append(people, p)
		}
	}
	return people
}

// personal is a letter of last week with an attachment, in the language of the person.
func personal(p Person, n int) thread {
	if p.Language == "en" {
		return thread{"Your order " + number(n), 7.1, []step{{
			from: "Nordlicht Office Supplies <orders@nordlicht-office.example>", to: []string{p.Local},
			text:  "Dear " + p.Name + ",\n\nyour order " + number(n) + " has been packed. Please check the delivery note in the attachment: if anything is missing, simply reply to this message.\n\nKind regards\nNordlicht Office Supplies",
			files: []string{"pdf:Delivery note " + number(n) + ".pdf"},
		}}}
	}
	return thread{"Ihre Anmeldung zum Seminar " + number(n), 7.1, []step{{
		from: "Studieninstitut Elbtal <anmeldung@studieninstitut-elbtal.example>", to: []string{p.Local},
		text:  "Guten Tag " + p.Name + ",\n\nwir bestätigen Ihre Anmeldung zum Seminar " + number(n) + " „Rechtssicher schreiben“. Programm und Anfahrt finden Sie im Anhang. Bitte bestätigen Sie kurz, ob Sie am Mittagessen teilnehmen.\n\nMit freundlichen Grüßen\nStudieninstitut Elbtal",
		files: []string{"pdf:Programm Seminar " + number(n) + ".pdf"},
	}}}
}

func number(n int) string { return fmt.Sprintf("26-%04d", 4117+37*n) }

// chat is an exchange of two colleagues.
func chat(r *rand.Rand, a, b Person) thread {
	if a.Local == b.Local {
		b = staff()[(r.IntN(len(staff())-1)+1+indexOf(a))%len(staff())]
	}
	lines := germanChats()
	if a.Language == "en" || b.Language == "en" {
		lines = englishChats()
	}
	c := lines[r.IntN(len(lines))]
	day := 0.3 + 29*r.Float64()
	fill := strings.NewReplacer("{a}", a.first(), "{b}", b.first(), "{n}", fmt.Sprint(2+r.IntN(40)), "{room}", fmt.Sprintf("%d.%02d", 1+r.IntN(3), 1+r.IntN(20)))
	t := thread{subject: fill.Replace(c[0]), day: day}
	from, to := a, b
	for i, text := range c[1:] {
		t.steps = append(t.steps, step{from: from.Local, to: []string{to.Local}, hours: min(float64(i)*(0.5+20*r.Float64()), day*6), text: fill.Replace(text), unread: day < 2 && r.IntN(3) == 0})
		from, to = to, from
		fill = strings.NewReplacer("{a}", from.first(), "{b}", to.first(), "{n}", fmt.Sprint(2+r.IntN(40)), "{room}", "1.07")
	}
	return t
}

func indexOf(p Person) int {
	for i, other := range staff() {
		if other.Local == p.Local {
			return i
		}
	}
	return 0
}

func (p Person) first() string {
	first, _, _ := strings.Cut(p.Name, " ")
	return first
}

// Each exchange: the subject, then what a writes, b answers, and so on.
func germanChats() [][]string {
	return [][]string{
		{"Raum {room} morgen", "Hallo {b},\n\nist der Raum {room} morgen ab 10 Uhr frei? Wir sind {n} Personen.\n\n{a}", "Hallo {b},\n\nja, ich habe ihn für dich eingetragen. Der Beamer ist in der Wartung, nimm bitte den tragbaren mit.\n\n{a}", "Danke!\n\n{a}"},
		{"Vertretung nächste Woche", "Hallo {b},\n\nich bin von Montag bis Mittwoch nicht im Haus. Kannst du die eiligen Sachen übernehmen? Es sind nur {n} offene Vorgänge.\n\n{a}", "Hallo {b},\n\nmache ich gern. Leg mir bitte die Akten ins Fach.\n\n{a}"},
		{"Protokoll der Dienstbesprechung", "Hallo {b},\n\nin meinem Entwurf des Protokolls fehlt noch dein Punkt zu den Schlüsseln. Schickst du mir zwei Sätze?\n\n{a}", "Hallo {b},\n\ngern: „Die Schlüssel der Nebengebäude werden bis Monatsende neu ausgegeben. {n} Stück fehlen noch.“\n\n{a}"},
		{"Mittagessen am Donnerstag", "Hallo {b},\n\nam Donnerstag gibt es in der Kantine Grünkohl. Um 12 Uhr wie immer?\n\n{a}", "Unbedingt. Ich reserviere den Tisch am Fenster.\n\n{a}"},
		{"Dienstwagen: Fahrtenbuch", "Hallo {b},\n\nim Fahrtenbuch fehlen {n} Kilometer vom letzten Freitag. Warst du in der Außenstelle?\n\n{a}", "Hallo {b},\n\nrichtig, ich hatte die Hin- und Rückfahrt vergessen. Ist nachgetragen.\n\n{a}", "Bestens, danke.\n\n{a}"},
		{"Schlüssel für die Turnhalle", "Hallo {b},\n\nder Hausmeister sucht den Schlüssel für die Turnhalle, Nummer {n}. Liegt er noch bei dir?\n\n{a}", "Er hängt wieder im Kasten, tut mir leid.\n\n{a}"},
		{"Übergabe der Prüfunterlagen", "Hallo {b},\n\ndie Unterlagen stehen in {n} Ordnern vor Raum {room}. Bitte bis Mittag abholen, sonst räumt die Reinigung sie weg.\n\n{a}", "Habe sie schon. Danke fürs Schleppen!\n\n{a}"},
	}
}

func englishChats() [][]string {
	return [][]string{
		{"Translation of the flyer", "Hello {b},\n\ncould you read the English text of the flyer? It is only {n} lines.\n\n{a}", "Hello {b},\n\ndone. I changed \"become a ticket\" to \"get a ticket\", just to be safe.\n\n{a}", "Thank you, that saved us.\n\n{a}"},
		{"Meeting room {room}", "Hello {b},\n\nare you still using room {room} at three? We are {n} people and the small one is too small.\n\n{a}", "Hello {b},\n\nit is yours, we can sit in my office.\n\n{a}"},
		{"Photos of the market", "Hello {b},\n\nI need {n} good photos of the market for the website. May I use yours from last summer?\n\n{a}", "Of course. Please name the photographer underneath.\n\n{a}"},
		{"Minutes of Tuesday", "Hello {b},\n\nthe minutes are in the shared folder. Please look at item {n}, I was not sure about the date.\n\n{a}", "Looks right to me.\n\n{a}"},
	}
}

// request comes from outside; some are answered.
func request(r *rand.Rand, p Person) thread {
	kinds := germanRequests()
	if p.Language == "en" {
		kinds = englishRequests()
	}
	k := kinds[r.IntN(len(kinds))]
	writers := outsiders()
	writer := writers[r.IntN(len(writers))]
	name, _, _ := strings.Cut(writer, " <")
	day := 0.2 + 29*r.Float64()
	fill := strings.NewReplacer("{p}", p.Name, "{w}", name, "{n}", fmt.Sprint(100+r.IntN(900)))
	t := thread{subject: fill.Replace(k[0]), day: day, steps: []step{{from: writer, to: []string{p.Local}, text: fill.Replace(k[1]), unread: day < 3 && r.IntN(2) == 0}}}
	if r.IntN(5) == 0 {
		t.steps[0].files = []string{fill.Replace("pdf:Anlage {n}.pdf")}
	}
	if len(k) > 2 && r.IntN(3) > 0 && day > 1 {
		t.steps[0].unread = false
		t.steps = append(t.steps, step{from: p.Local, to: []string{writer}, hours: 1 + 20*r.Float64(), text: fill.Replace(k[2])})
	}
	return t
}

func outsiders() []string {
	return []string{
		"Ulrike Bergmann <ulrike.bergmann@postkasten.example>", "Thomas Krüger <t.krueger@werkstatt-krueger.example>",
		"Ayşe Yıldız <ayse.yildiz@verein-hafen.example>", "Marta Nowak <marta.nowak@postkasten.example>",
		"Oliver Stein <stein@kanzlei-stein.example>", "Priya Raman <priya@raman-design.example>", "Björn Håkansson <bjorn@segelklubb.example>",
	}
}

func germanRequests() [][]string {
	return [][]string{
		{"Frage zum Bescheid {n}", "Sehr geehrte Damen und Herren,\n\nzum Bescheid {n} habe ich eine Frage: Bis wann kann ich die zweite Rate zahlen? In der Anlage steht ein anderes Datum als im Text.\n\nMit freundlichen Grüßen\n{w}", "Guten Tag,\n\nes gilt das Datum im Text. Die Anlage haben wir berichtigt, Sie bekommen sie per Post.\n\nMit freundlichen Grüßen\n{p}"},
		{"Anmeldung Vereinsfest", "Guten Tag {p},\n\nwir möchten am ersten Samstag im Mai unser Vereinsfest auf der Wiese am Mühlgraben feiern, etwa {n} Gäste. Was müssen wir einreichen?\n\nViele Grüße\n{w}", "Guten Tag,\n\nbitte füllen Sie den Antrag auf Sondernutzung aus und legen Sie einen Lageplan bei. Bei mehr als 200 Gästen brauchen wir auch ein Sicherheitskonzept.\n\nFreundliche Grüße\n{p}"},
		{"Angebot Nr. {n}", "Sehr geehrte Damen und Herren,\n\nwie telefonisch besprochen unser Angebot Nr. {n}. Wir halten uns vier Wochen daran gebunden.\n\nMit freundlichen Grüßen\n{w}"},
		{"Terminbestätigung", "Guten Tag {p},\n\nich bestätige den Termin am Dienstag um 9:30 Uhr. Bitte teilen Sie mir noch mit, an welcher Pforte ich mich melden soll.\n\n{w}", "Guten Tag,\n\nbitte an der Hauptpforte, Sie werden abgeholt.\n\n{p}"},
		{"Rechnung {n}", "Guten Tag,\n\nanbei die Rechnung {n} mit der Bitte um Ausgleich innerhalb von 14 Tagen.\n\nFreundliche Grüße\n{w}"},
	}
}

func englishRequests() [][]string {
	return [][]string{
		{"Question about reference {n}", "Dear {p},\n\nI refer to your letter {n}. Could you tell me who deals with it while your colleague is away?\n\nKind regards\n{w}", "Dear {w},\n\nit is with me now. You will have an answer by Friday.\n\nKind regards\n{p}"},
		{"Group visit, {n} people in all", "Hello {p},\n\nwe are planning a trip along the coast and would love to see the town hall. Is a guided tour in English possible?\n\nBest wishes\n{w}", "Hello {w},\n\nyes, every Saturday at eleven, and gladly at another time for groups.\n\nBest wishes\n{p}"},
		{"Invoice {n}", "Hello,\n\nplease find our invoice {n} attached. Thank you for your order.\n\n{w}"},
	}
}

func newsletters(week int) []thread {
	day := 1.4 + 7*float64(week)
	issue := 47 - week
	return []thread{
		{fmt.Sprintf("Kommunalbrief Nr. %d: Was der Landtag beschlossen hat", issue), day, []step{{
			from: "Kommunalbrief <redaktion@kommunalbrief.example>", to: []string{"katharina.brandt", "juergen.mueller", "sophie.lange", "lukas.gross", "jonas.kessler", "buergerbuero"}, html: true, unread: week == 0,
			text: "Guten Morgen,\n\nin dieser Woche: die neue Vergabeordnung in zehn Sätzen, Förderung für Radwege, und was Städte bei der Grundsteuer tun können.\n\nDie neue Vergabeordnung gilt ab Januar. Bis 25.000 Euro genügt künftig ein Angebot, wenn der Preis marktüblich ist.\n\nFür Radwege stellt das Land 40 Mio. Euro bereit. Anträge sind bis Ende März möglich.\n\nIhre Redaktion",
		}}},
		{fmt.Sprintf("Coast & Culture weekly, issue %d", issue), day + 0.3, []step{{
			from: "Coast & Culture <weekly@coast-culture.example>", to: []string{"hannah.clarke", "emma.walsh", "ines.schaefer", "daniel.okafor"}, html: true, unread: week == 0,
			text: "Good morning,\n\nthis week: winter festivals along the coast, a museum that stays open all night, and how small towns win visitors in November.\n\nLanterns, not fireworks: three towns tell how they did it.\n\nSee you next week\nCoast & Culture",
		}}},
	}
}
