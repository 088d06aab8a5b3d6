// Package look is how the desktop app looks and speaks: its theme, its icons, its
// words in each language, and how times, sizes and states are written.
//
// Words of the window are asked for with T and N by their English text; the
// translations lie in assets/translations. A test holds that none is missing.
package look
