package look

import (
	"embed"
	"encoding/json"
	"io/fs"
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

// Speak has the app speak one of Languages from now on, or with "" that of the
// desktop. What is shown already stays as it is.
func Speak(language string) error {
	if language == "" {
		return lang.AddTranslationsFS(assets.Translations, "translations")
	}
	if language == "en" {
		if err := english(assets.Translations); err != nil {
			return err
		}
	}
	return speak(assets.Translations, language)
}

// speak loads the words of a language.
func speak(files embed.FS, language string) error {
	names, err := fs.Glob(files, "translations/*."+language+".json")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := replace(text); err != nil {
			return err
		}
	}
	return nil
}

// english loads the texts in English over those of another language. For what
// translates, English is no language: it is what is said where there is no other.
func english(files embed.FS) error {
	names, err := fs.Glob(files, "translations/*.de.json")
	if err != nil {
		return err
	}
	words := map[string]any{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &words); err != nil {
			return err
		}
	}
	same := map[string]string{}
	for key, value := range words {
		if _, single := value.(string); single {
			same[key] = key
		}
	}
	text, err := json.Marshal(same)
	if err != nil {
		return err
	}
	return replace(text)
}

// replace has Fyne take words for those of the desktop's language, since it asks the
// desktop for that and nobody else.
func replace(words []byte) error {
	desktop := fyne.Locale(strings.SplitN(lang.SystemLocale().String(), "-", 2)[0])
	for _, as := range []fyne.Locale{desktop, "en"} {
		if err := lang.AddTranslationsForLocale(words, as); err != nil {
			return err
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
