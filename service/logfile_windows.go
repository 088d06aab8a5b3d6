package service

import "os"

// noFollow is nothing here: the look at the path before has to do.
const noFollow = 0

// closeFile has nothing to do: the folder's access list holds for its files.
func closeFile(*os.File) error { return nil }

// checkOwner has nothing to look at: the folder keeps others out.
func checkOwner(*os.File, string) error { return nil }
