package service

import "errors"

// Become is for managers that start all services as root, of which there are
// none here.
func Become(string, Paths) error {
	return errors.New("the account of a service is a matter of its definition here")
}
