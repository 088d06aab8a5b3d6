package history

import (
	"embed"
)

//go:embed migrations/*.sql
var embedded embed.FS

const applicationID = 0x486f6d68 // "Homh"; 0001_first.sql sets it
