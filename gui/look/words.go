package look

import (
	"embed"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"homehook/assets"
)

// V are the values of the names in a text: T("{{.Name}} is new", V{"Name": name}).
type V map[string]any

// Languages are those that the app speaks, by their codes.
var Languages = []string{"en", "de"}

// T returns a text in the language of the user. The text in English is its key.
func T(text string, values ...V) string {
	if len(values) > 0 {
		return lang.Localize(text, map[string]any(values[0]))
	}
	return lang.Localize(text)
}

// N returns a text with a count in it, which it names {{.Count}}. The key is the
// English text of many.
func N(text string, count int, values ...V) string {
	data := map[string]any{"Count": count}
	for _, v := range values {
		for name, value := range v {
			data[name] = value
		}
	}
	return lang.LocalizePlural(text, count, data)
}

// Speak loads the translations, once, before anything is shown. With a language
// of Languages it speaks that one, with "" that of the desktop.
func Speak(language string) error {
	if language == "" {
		return lang.AddTranslationsFS(assets.Translations, "translations")
	}
	return speak(assets.Translations, language)
}

// speak has Fyne take the words of a language for those of the desktop's, since it
// asks the desktop and nobody else.
func speak(files embed.FS, language string) error {
	entries, err := files.ReadDir("translations")
	if err != nil {
		return err
	}
	desktop := fyne.Locale(strings.SplitN(lang.SystemLocale().String(), "-", 2)[0])
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "."+language+".json") {
			continue
		}
		text, err := files.ReadFile("translations/" + e.Name())
		if err != nil {
			return err
		}
		for _, as := range []fyne.Locale{desktop, "en"} {
			if err := lang.AddTranslationsForLocale(text, as); err != nil {
				return err
			}
		}
	}
	return nil
}

// Desktop is the code of the desktop's language, "en" where it is none of ours.
func Desktop() string {
	for _, l := range Languages {
		if strings.HasPrefix(string(lang.SystemLocale()), l) {
			return l
		}
	}
	if strings.HasPrefix(os.Getenv("LANG"), "de") {
		return "de"
	}
	return "en"
}
