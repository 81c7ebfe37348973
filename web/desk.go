package web

func (s *server) deskRoutes() []route { return nil }
