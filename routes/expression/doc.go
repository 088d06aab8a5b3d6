// Package expression is the language in which routes speak of deliveries:
// conditions (when:) and templates ({…} in arguments, fields and bodies).
//
// [CompileCondition] and [CompileTemplate] check a text when the configuration
// is loaded, with types: a name that does not exist, or a condition that is no
// condition, is an error there and not when a delivery comes. What comes from a
// delivery is data only, bounded in size; an evaluation is bounded in time and
// memory.
package expression
