// Package senders has the services that send webhooks, as Homehook knows them: what
// people call them, by which scheme they sign, where their secrets and settings are,
// and what their deliveries look like. Package signature has how they sign.
package senders
