package routes

func play(mode string, args []string) int { return 99 }
