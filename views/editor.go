package views

// editorTools are the buttons of the editor: what it does, its icon.
var editorTools = []tool{
	{"bold", "bold", ""}, {"italic", "italic", ""}, {"underline", "underline", ""},
	{"bullets", "bullets", ""}, {"numbers", "numbers", ""}, {"quote", "cite", ""}, {"link", "link", ""}, {"picture", "image", ""},
}
