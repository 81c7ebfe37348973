package web

func (s *server) composeRoutes() []route { return nil }
