package wizard

import (
	"encoding/json"
	"io/fs"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"homehook/assets"
	"homehook/gui/look"
)

// respeak has the app speak another language from now on. English is no language of
// its own to what translates, but what is said where there is no other: once another
// was loaded, English has to be loaded over it.
func respeak(language string) error {
	if language != "en" {
		return look.Speak(language)
	}
	names, err := fs.Glob(assets.Translations, "translations/*.de.json")
	if err != nil {
		return err
	}
	english := map[string]any{}
	for _, name := range names {
		data, err := assets.Translations.ReadFile(name)
		if err != nil {
			return err
		}
		var words map[string]any
		if err := json.Unmarshal(data, &words); err != nil {
			return err
		}
		for key, value := range words {
			if _, single := value.(string); single {
				english[key] = key
			}
		}
	}
	data, err := json.Marshal(english)
	if err != nil {
		return err
	}
	desktop := fyne.Locale(strings.SplitN(lang.SystemLocale().String(), "-", 2)[0])
	for _, as := range []fyne.Locale{desktop, "en"} {
		if err := lang.AddTranslationsForLocale(data, as); err != nil {
			return err
		}
	}
	return look.Speak("en")
}
