package sample

// thread is one conversation of the script. Who is a local part of the organisation, or
// "Name <address>" of somebody outside.
type thread struct {
	subject string
	day     float64 // days before now at which it began
	steps   []step
}

type step struct {
	from   string
	to     []string
	cc     []string
	hours  float64 // after the step before
	text   string
	files  []string // attachments, by kind: "pdf:Name", "csv:Name", "png:Name"
	html   bool     // with an HTML twin
	unread bool     // by those who got it
	flag   bool
}

// People outside, as they sign.
const (
	hartwig  = "Planungsbüro Hartwig <mail@hartwig-planung.example>"
	lindau   = "Petra Lindau <p.lindau@lindau-hochbau.example>"
	council  = "Rosalind Hale <rosalind.hale@wexcombe-council.example>"
	choir    = "Gareth Pugh <gareth@wexcombe-choir.example>"
	citizen  = "Gerd Sommerfeld <gerd.sommerfeld@postkasten.example>"
	printer  = "Druckerei Vogt <auftrag@druckerei-vogt.example>"
	ministry = "Referat 34 <referat34@landesbau.example>"
	vendor   = "Mona Rieger <m.rieger@softhaus-nord.example>"
	coach    = "Baltic Coaches <bookings@baltic-coaches.example>"
	auditor  = "Dr. Henrik Thal <thal@pruefung-thal.example>"
)

// script is what happened in the last thirty days, told thread by thread.
func script() []thread {
	return append(germanThreads(), englishThreads()...)
}

func germanThreads() []thread {
	return []thread{
		{"Kita Lerchenweg: Statik für das Vordach", 12, []step{
			{from: hartwig, to: []string{"katharina.brandt"}, cc: []string{"tobias.weiss"}, text: "Sehr geehrte Frau Brandt,\n\nanbei die geprüfte Statik für das Vordach. Die Stützen sind jetzt 140 × 140 mm, damit entfällt der Unterzug.\nBitte sagen Sie uns bis Ende nächster Woche, ob wir so ausschreiben können.\n\nMit freundlichen Grüßen\nAnke Hartwig", files: []string{"pdf:Statik_Vordach_Lerchenweg.pdf"}},
			{from: "tobias.weiss", to: []string{"katharina.brandt"}, hours: 3, text: "Hallo Katharina,\n\nich habe es durchgesehen. Die Anschlüsse an den Bestand fehlen noch, sonst passt es. Soll ich das zurückspielen oder machst du das?\n\nTobias"},
			{from: "katharina.brandt", to: []string{hartwig}, cc: []string{"tobias.weiss"}, hours: 20, text: "Sehr geehrte Frau Hartwig,\n\nvielen Dank. Bitte ergänzen Sie noch die Anschlüsse an die Bestandswand (Achse C, 1 bis 4). Danach können Sie ausschreiben.\n\nMit freundlichen Grüßen\nKatharina Brandt\nBauamt, Stadt Ahrenfeld"},
			{from: hartwig, to: []string{"katharina.brandt"}, cc: []string{"tobias.weiss"}, hours: 101, text: "Sehr geehrte Frau Brandt,\n\ndie Anschlüsse sind ergänzt, Blatt 3 der Anlage. Die Kostenschätzung liegt als Tabelle bei: 41.300 Euro brutto, also unter dem Ansatz.\n\nMit freundlichen Grüßen\nAnke Hartwig", files: []string{"pdf:Statik_Vordach_Lerchenweg_2.pdf", "csv:Kostenschätzung Vordach.csv"}, flag: true},
		}},
		{"Haushaltsplanung 2027: Ansätze bis Freitag", 16, []step{
			{from: "juergen.mueller", to: []string{"katharina.brandt", "lukas.gross", "sophie.lange"}, text: "Liebe Kolleginnen und Kollegen,\n\nbitte tragen Sie Ihre Ansätze für 2027 bis Freitag, 12 Uhr, in die Tabelle ein. Wer nichts einträgt, behält den Ansatz von 2026 abzüglich zwei Prozent.\n\nViele Grüße\nJürgen Müller\nKämmerei", files: []string{"csv:Ansaetze_2027.csv"}},
			{from: "katharina.brandt", to: []string{"juergen.mueller"}, hours: 5, text: "Hallo Jürgen,\n\nfür den Straßenunterhalt brauche ich 60.000 Euro mehr, die Frostschäden in der Gartenstraße sind größer als gedacht. Begründung folgt morgen.\n\nKatharina"},
			{from: "juergen.mueller", to: []string{"katharina.brandt"}, hours: 2, text: "Hallo Katharina,\n\ndas wird eng. Wenn du 15.000 davon aus dem Spielplatz-Topf nehmen kannst, trage ich den Rest so ein.\n\nJürgen"},
			{from: "katharina.brandt", to: []string{"juergen.mueller"}, hours: 18, text: "Einverstanden, der Spielplatz am Mühlgraben kommt ohnehin erst 2028.\n\nKatharina"},
			{from: "lukas.gross", to: []string{"juergen.mueller"}, cc: []string{"sophie.lange"}, hours: 3, text: "Guten Tag Herr Müller,\n\nPersonalkosten sind eingetragen, mit der Tariferhöhung von 2,8 Prozent ab April.\n\nLukas Groß"},
		}},
		{"Lagebesprechung Hochwasserschutz", 1.1, []step{
			{from: "sophie.lange", to: []string{"katharina.brandt"}, cc: []string{"juergen.mueller"}, text: "Guten Tag,\n\nbitte bringen Sie den Stand der Pegelmessungen mit. Wir entscheiden über die Sandsäcke.\n\nSophie Lange", files: []string{"ics:Termin.ics"}, unread: true},
		}},
		{"Baustellentermin Kita Lerchenweg", 2.2, []step{
			{from: hartwig, to: []string{"katharina.brandt"}, text: "Sehr geehrte Frau Brandt,\n\nwir schlagen diesen Termin vor Ort vor. Treffpunkt ist das Tor am Spielplatz.\n\nMit freundlichen Grüßen\nAnke Hartwig", files: []string{"ics:Termin.ics"}},
		}},
		{"Bürgermeisterin: Termin im Landesamt verlegt", 4, []step{
			{from: "sophie.lange", to: []string{"katharina.brandt", "juergen.mueller"}, text: "Guten Morgen,\n\nder Termin im Landesamt findet erst am Donnerstag um 14 Uhr statt. Abfahrt am Rathaus um 13:10 Uhr. Bitte bringen Sie die Unterlagen zum Vordach und zur Gartenstraße mit.\n\nSophie Lange"},
			{from: "juergen.mueller", to: []string{"sophie.lange"}, cc: []string{"katharina.brandt"}, hours: 1, text: "Ich fahre mit dem Rad vor, wir treffen uns dort.\n\nJürgen Müller"},
			{from: "katharina.brandt", to: []string{"sophie.lange"}, hours: 1.5, text: "Passt, ich bin um 13:05 Uhr unten.\n\nKatharina Brandt"},
		}},
		{"Straßenbeleuchtung Mühlgraben: drei Leuchten dunkel", 6, []step{
			{from: citizen, to: []string{"buergerbuero"}, text: "Guten Tag,\n\nseit Dienstag sind am Mühlgraben zwischen Brücke und Spielplatz drei Straßenlaternen aus. Die Kinder gehen dort morgens im Dunkeln zur Schule. Können Sie bitte jemanden schicken?\n\nFreundliche Grüße\nGerd Sommerfeld"},
			{from: "buergerbuero", to: []string{"tobias.weiss"}, cc: []string{"elena.petrova"}, hours: 1, text: "Hallo Herr Weiß,\n\nbitte prüfen, siehe unten. Der Bürger wartet auf eine Rückmeldung.\n\nBürgerbüro, E. Petrova"},
			{from: "tobias.weiss", to: []string{"buergerbuero"}, cc: []string{"elena.petrova"}, hours: 4, text: "Hallo Elena,\n\nMuffe an Mast 17 ist abgesoffen. Wir setzen morgen früh eine Baustromleuchte und tauschen das Kabel am Montag.\n\nTobias Weiß"},
			{from: "buergerbuero", to: []string{citizen}, hours: 1, text: "Sehr geehrter Herr Sommerfeld,\n\nvielen Dank für Ihren Hinweis. Eine Kabelmuffe ist defekt. Ab morgen früh steht dort eine Ersatzleuchte, am Montag wird das Kabel getauscht.\n\nMit freundlichen Grüßen\nIhr Bürgerbüro"},
			{from: citizen, to: []string{"buergerbuero"}, hours: 70, text: "Guten Tag,\n\nes ist wieder hell. Danke für die schnelle Hilfe!\n\nGerd Sommerfeld", unread: true},
		}},
		{"Fördermittel Radweg Süd: Nachforderung von Unterlagen", 7.2, []step{
			{from: ministry, to: []string{"katharina.brandt"}, cc: []string{"juergen.mueller"}, text: "Sehr geehrte Frau Brandt,\n\nzu Ihrem Antrag vom 4. fehlen uns der Lageplan im Maßstab 1:500 und die Bestätigung des Eigenanteils. Wir bitten um Vorlage binnen 14 Tagen. Das Formblatt liegt bei.\n\nIm Auftrag\nReferat 34", files: []string{"pdf:Formblatt_Eigenanteil.pdf"}, flag: true},
			{from: "katharina.brandt", to: []string{"juergen.mueller"}, hours: 2, text: "Hallo Jürgen,\n\nkannst du den Eigenanteil (20 Prozent, 118.000 Euro) bis Mittwoch bestätigen? Den Lageplan bereitet Tobias vor.\n\nKatharina"},
			{from: "juergen.mueller", to: []string{"katharina.brandt"}, hours: 26, text: "Bestätigung liegt bei, unterschrieben.\n\nJürgen", files: []string{"pdf:Eigenanteil_Radweg_unterschrieben.pdf"}},
		}},
		{"Umzug der Stadtbibliothek: Regale und Öffnungszeiten", 21, []step{
			{from: "ines.schaefer", to: []string{"sophie.lange"}, cc: []string{"emma.walsh"}, text: "Liebe Sophie,\n\nwir packen ab dem 7. und öffnen am 19. im alten Kaufhaus wieder. In der Zwischenzeit bleibt die Rückgabeklappe am Markt offen. Magst du das in die Rathausnachrichten nehmen?\n\nHerzliche Grüße\nInes"},
			{from: "sophie.lange", to: []string{"ines.schaefer"}, hours: 22, text: "Liebe Ines,\n\nsteht drin, mit Bild. Die Bürgermeisterin kommt zur Eröffnung und möchte vorlesen.\n\nSophie"},
			{from: "ines.schaefer", to: []string{"sophie.lange"}, hours: 3, text: "Wunderbar! Vorschlag: „Der Maulwurf zieht um“, das passt.\n\nInes"},
		}},
		{"Neue Plakate für das Lichterfest", 8, []step{
			{from: printer, to: []string{"ines.schaefer"}, cc: []string{"emma.walsh"}, text: "Hallo Frau Schäfer,\n\nim Anhang der Andruck. Das Gelb haben wir kräftiger gemacht, wie besprochen. Bei Freigabe bis morgen liefern wir am Freitag.\n\nViele Grüße\nDruckerei Vogt", files: []string{"png:Plakat_Lichterfest.png"}},
			{from: "ines.schaefer", to: []string{printer}, cc: []string{"emma.walsh"}, hours: 6, text: "Hallo Herr Vogt,\n\nfreigegeben. Bitte 250 Stück in A2 und 1.000 Handzettel.\n\nInes Schäfer"},
			{from: printer, to: []string{"ines.schaefer"}, hours: 19, text: "Vielen Dank, der Auftrag ist in der Maschine. Lieferung am Freitag zwischen 9 und 11 Uhr.\n\nDruckerei Vogt"},
		}},
		{"Sondernutzung Marktplatz: Öffnungszeiten der Buden", 5, []step{
			{from: "miriam.oezdemir", to: []string{"tobias.weiss"}, cc: []string{"emma.walsh"}, text: "Hallo Tobias,\n\nfür den Weihnachtsmarkt haben wir 34 Anträge. Die Zufahrt der Feuerwehr muss auf 3,50 Meter frei bleiben, deshalb entfallen die Plätze 12 und 13. Plan liegt bei.\n\nMiriam Özdemir\nOrdnungsamt", files: []string{"pdf:Standplan_Weihnachtsmarkt.pdf"}},
			{from: "tobias.weiss", to: []string{"miriam.oezdemir"}, hours: 5, text: "Hallo Miriam,\n\nist notiert. Strom für Platz 14 kommt dann aus dem Verteiler am Brunnen.\n\nTobias"},
			{from: "emma.walsh", to: []string{"miriam.oezdemir"}, cc: []string{"tobias.weiss"}, hours: 2, text: "Hi both,\n\nthanks, I will change the map for visitors. Could you send me the final opening hours by Monday?\n\nEmma", unread: true},
		}},
		{"Stellenbesetzung Klimaschutz: Gespräche nächste Woche", 9, []step{
			{from: "lukas.gross", to: []string{"katharina.brandt", "sophie.lange"}, text: "Guten Tag,\n\nvier Bewerbungen sind in der engeren Wahl. Ich schlage Mittwoch ab 9 Uhr im Kleinen Saal vor, je 45 Minuten. Die Unterlagen bekommen Sie aus Datenschutzgründen nur auf Papier.\n\nLukas Groß\nPersonalamt"},
			{from: "sophie.lange", to: []string{"lukas.gross"}, cc: []string{"katharina.brandt"}, hours: 2, text: "Mittwoch passt. Bitte den Beamer reservieren, die Bewerberinnen und Bewerber stellen eine Aufgabe vor.\n\nSophie Lange"},
			{from: "katharina.brandt", to: []string{"lukas.gross"}, hours: 7, text: "Für mich auch gut. Ab 12:30 Uhr muss ich in den Ausschuss.\n\nKatharina Brandt"},
		}},
		{"Wartung der Telefonanlage am Samstag", 3, []step{
			{from: "jonas.kessler", to: []string{"alle"}, text: "Liebe Kolleginnen und Kollegen,\n\nam Samstag von 7 bis 10 Uhr wird die Telefonanlage gewartet. In dieser Zeit sind wir nur über die Notrufnummer der Pforte erreichbar. Bitte stellen Sie Rufumleitungen vorher um.\n\nJonas Keßler\nIT"},
			{from: "elena.petrova", to: []string{"jonas.kessler"}, hours: 1, text: "Hallo Jonas,\n\ngilt das auch für die Telefone im Bürgerbüro im Erdgeschoss?\n\nElena"},
			{from: "jonas.kessler", to: []string{"elena.petrova"}, hours: 1, text: "Ja, für alle im Rathaus. Samstags ist das Bürgerbüro ja geschlossen.\n\nJonas"},
		}},
		{"Prüfbericht Jahresabschluss 2025", 13, []step{
			{from: auditor, to: []string{"juergen.mueller"}, text: "Sehr geehrter Herr Müller,\n\nder Entwurf des Prüfberichts liegt bei. Zu zwei Punkten bitte ich um Ihre Stellungnahme: Rückstellungen für die Deponie (Tz. 41) und die Abgrenzung der Müllgebühren (Tz. 57).\n\nMit freundlichen Grüßen\nDr. Henrik Thal", files: []string{"pdf:Prüfbericht_2025_Entwurf.pdf"}},
			{from: "juergen.mueller", to: []string{auditor}, hours: 44, text: "Sehr geehrter Herr Dr. Thal,\n\nzu Tz. 41: Das Gutachten von 2024 setzt 1,2 Mio. Euro an, wir haben 1,25 Mio. zurückgestellt. Zu Tz. 57 liefere ich die Berechnung der Gebühren bis Montag nach.\n\nMit freundlichen Grüßen\nJürgen Müller"},
			{from: auditor, to: []string{"juergen.mueller"}, hours: 90, text: "Sehr geehrter Herr Müller,\n\nvielen Dank, Tz. 41 ist erledigt. Die Berechnung zu den Müllgebühren habe ich noch nicht erhalten.\n\nMit freundlichen Grüßen\nDr. Henrik Thal", flag: true},
		}},
		{"Gartenstraße: Rechnung 2. Abschlag", 6.4, []step{
			{from: lindau, to: []string{"katharina.brandt"}, cc: []string{"juergen.mueller"}, text: "Guten Tag Frau Brandt,\n\nanbei unsere Rechnung 2026-1187 über den zweiten Abschlag, 74.520,40 Euro. Die Aufmaße liegen als Tabelle bei.\n\nFreundliche Grüße\nPetra Lindau", files: []string{"pdf:Rechnung_2026-1187.pdf", "csv:Aufmaß Gartenstraße.csv"}},
			{from: "katharina.brandt", to: []string{"tobias.weiss"}, hours: 3, text: "Hallo Tobias,\n\nbitte das Aufmaß prüfen, vor allem Position 12 (Bordsteine).\n\nKatharina"},
			{from: "tobias.weiss", to: []string{"katharina.brandt"}, hours: 30, text: "Geprüft: Position 12 sind 86 statt 93 Meter. Sonst stimmt es.\n\nTobias"},
		}},
	}
}

func englishThreads() []thread {
	return []thread{
		{"Planning call: twin town visit", 1.3, []step{
			{from: council, to: []string{"hannah.clarke"}, text: "Dear Hannah,\n\nshall we go through the programme together? Half an hour will do.\n\nKind regards\nRosalind Hale", files: []string{"ics:meeting.ics"}},
		}},
		{"Twin town visit in May: programme and coaches", 14, []step{
			{from: council, to: []string{"hannah.clarke"}, text: "Dear Hannah,\n\nwe are delighted to come: 42 people, among them the choir and two councillors. We arrive on Thursday the 13th in the late afternoon. I attach our list of participants.\n\nWarm regards\nRosalind Hale\nWexcombe Council", files: []string{"csv:Participants Wexcombe.csv"}},
			{from: "hannah.clarke", to: []string{"emma.walsh", "sophie.lange"}, hours: 2, text: "Dear both,\n\nWexcombe comes with 42 people. Emma, could you look for rooms? Sophie, does the mayor have an hour on Friday morning?\n\nHannah"},
			{from: "sophie.lange", to: []string{"hannah.clarke"}, cc: []string{"emma.walsh"}, hours: 4, text: "Dear Hannah,\n\nFriday from 10 to 11 is reserved, in the Great Hall. The mayor will speak English, her words, \"if everybody is patient\".\n\nSophie"},
			{from: "emma.walsh", to: []string{"hannah.clarke"}, hours: 21, text: "Hi Hannah,\n\n30 beds in the youth hostel and 12 in the Goldener Anker, held until the end of the month.\n\nEmma"},
			{from: "hannah.clarke", to: []string{council}, hours: 3, text: "Dear Rosalind,\n\nrooms are held and the mayor receives you on Friday at ten. The choir could sing in St. Nikolai on Saturday evening; shall I ask the parish?\n\nKind regards\nHannah"},
			{from: council, to: []string{"hannah.clarke"}, hours: 46, text: "Dear Hannah,\n\nperfect, and yes please. Gareth, who leads the choir, will write to you about the music stands.\n\nRosalind"},
		}},
		{"Choir: music stands and a piano", 6.8, []step{
			{from: choir, to: []string{"hannah.clarke"}, text: "Hello Hannah,\n\nwe need 24 music stands and, if at all possible, a tuned piano. I attach our programme so that the church knows what it is in for.\n\nCheers\nGareth", files: []string{"pdf:Programme Wexcombe Choir.pdf"}},
			{from: "hannah.clarke", to: []string{"ines.schaefer"}, hours: 5, text: "Dear Ines,\n\ncould the library lend us music stands again, 24 this time?\n\nHannah"},
			{from: "ines.schaefer", to: []string{"hannah.clarke"}, hours: 18, text: "Dear Hannah,\n\nwe have 16. The music school has the rest, I asked already.\n\nInes"},
			{from: "hannah.clarke", to: []string{choir}, hours: 1, text: "Hello Gareth,\n\n24 stands it is. The piano was tuned in October and St. Nikolai is warm enough for singers, if not for pianists.\n\nHannah"},
			{from: choir, to: []string{"hannah.clarke"}, hours: 62, text: "Brilliant, thank you! Fingerless gloves are on the list.\n\nGareth", unread: true},
		}},
		{"Coach quotation 13 to 16 May", 7.5, []step{
			{from: coach, to: []string{"emma.walsh"}, cc: []string{"hannah.clarke"}, text: "Dear Ms Walsh,\n\nplease find attached our quotation for one 50-seat coach for four days including driver, 3,960 euros. It is valid for three weeks.\n\nBaltic Coaches", files: []string{"pdf:Quotation 20611.pdf"}},
			{from: "emma.walsh", to: []string{"hannah.clarke"}, hours: 3, text: "Hannah, that is 300 more than last year. Shall I ask a second company?\n\nEmma"},
			{from: "hannah.clarke", to: []string{"emma.walsh"}, hours: 1, text: "Please do, but keep this one warm.\n\nHannah"},
		}},
		{"Licence renewal for the geodata server", 11, []step{
			{from: vendor, to: []string{"daniel.okafor"}, cc: []string{"jonas.kessler"}, text: "Hello Daniel,\n\nyour licence for the geodata server ends on 31 December. The renewal for 25 users is attached; if you order before the 15th we keep last year's price.\n\nMona Rieger\nSofthaus Nord", files: []string{"pdf:Renewal 2027.pdf"}},
			{from: "daniel.okafor", to: []string{"jonas.kessler"}, hours: 6, text: "Jonas, we only have 19 active users. I would renew for 20.\n\nDaniel"},
			{from: "jonas.kessler", to: []string{"daniel.okafor"}, hours: 2, text: "Agreed. Please ask for 20 and copy Jürgen, it is his budget line.\n\nJonas"},
			{from: "daniel.okafor", to: []string{vendor}, cc: []string{"juergen.mueller"}, hours: 1, text: "Hello Mona,\n\nplease send us a quotation for 20 users at last year's price.\n\nDaniel Okafor\nIT, Stadt Ahrenfeld"},
			{from: vendor, to: []string{"daniel.okafor"}, cc: []string{"juergen.mueller"}, hours: 71, text: "Hello Daniel,\n\nhere it is. Same price per user as last year.\n\nMona", files: []string{"pdf:Renewal 2027 20 users.pdf"}},
		}},
		{"Exchange update on Sunday morning", 2.2, []step{
			{from: "daniel.okafor", to: []string{"jonas.kessler"}, text: "Jonas,\n\nI would install the November update on Sunday between 6 and 8. The backup of Saturday night is the way back.\n\nDaniel"},
			{from: "jonas.kessler", to: []string{"daniel.okafor"}, hours: 2, text: "Fine. Please start a maintenance event in Holdover before, so that nobody notices.\n\nJonas"},
			{from: "daniel.okafor", to: []string{"jonas.kessler"}, hours: 1, text: "Will do, and I write down how long it takes.\n\nDaniel", unread: true},
		}},
		{"Visitor numbers for October", 18, []step{
			{from: "emma.walsh", to: []string{"hannah.clarke", "sophie.lange"}, text: "Hi,\n\n11,420 overnight stays, nine percent more than last October. The table is attached.\n\nEmma", files: []string{"csv:Visitors October.csv"}},
			{from: "sophie.lange", to: []string{"emma.walsh"}, hours: 3, text: "That is wonderful, I will take it into the mayor's speech. Thank you!\n\nSophie"},
		}},
	}
}
