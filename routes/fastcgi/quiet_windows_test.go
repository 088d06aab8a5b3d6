package fastcgi

const canBeQuiet = false
