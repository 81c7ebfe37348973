package web

// pageSize is how many rows a list shows.
const pageSize = 50
