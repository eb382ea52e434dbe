package cookbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Decode reads a JSON object into the input that a demo's Defaults made.
// A missing key keeps what is there; an unknown key is an error.
//
// encoding/json alone would take "WORKERS" for "workers" and null for
// anything, and would not say which element of an array was wrong.
func Decode(text []byte, input any) error {
	return decodeObject(text, reflect.ValueOf(input).Elem(), "", false)
}

func decodeObject(
	text []byte, into reflect.Value, path string, complete bool,
) error {
	var members map[string]json.RawMessage
	if err := unmarshal(text, &members, path, "an object"); err != nil {
		return err
	}
	fields := fieldsByName(into)
	for _, name := range names(into) {
		member, given := members[name]
		delete(members, name)
		if !given {
			if complete && fields[name].Kind() != reflect.Pointer {
				return fmt.Errorf("%s: %q is missing", path, name)
			}
			continue
		}
		if err := decodeValue(member, fields[name], join(path, name)); err != nil {
			return err
		}
	}
	// The first in order, so that the message does not vary.
	for _, name := range slices.Sorted(maps.Keys(members)) {
		return prefixed(path, Unknown("field", name, names(into)))
	}
	return nil
}

func decodeValue(text []byte, into reflect.Value, path string) error {
	switch into.Kind() {
	case reflect.Pointer:
		if string(bytes.TrimSpace(text)) == "null" {
			into.SetZero()
			return nil
		}
		value := reflect.New(into.Type().Elem())
		if err := decodeValue(text, value.Elem(), path); err != nil {
			return err
		}
		into.Set(value)
		return nil
	case reflect.Struct:
		return decodeObject(text, into, path, true)
	case reflect.Slice:
		var elements []json.RawMessage
		if err := unmarshal(text, &elements, path, "an array"); err != nil {
			return err
		}
		slice := reflect.MakeSlice(into.Type(), len(elements), len(elements))
		for i, element := range elements {
			at := fmt.Sprintf("%s[%d]", path, i)
			if err := decodeValue(element, slice.Index(i), at); err != nil {
				return err
			}
		}
		into.Set(slice)
		return nil
	case reflect.Int:
		return unmarshal(text, into.Addr().Interface(), path, "a whole number")
	case reflect.String:
		return unmarshal(text, into.Addr().Interface(), path, "a string")
	default:
		panic("cookbook: no JSON for " + into.Type().String())
	}
}

// unmarshal decodes one value of a simple type, which kind describes.
func unmarshal(text []byte, into any, path, kind string) error {
	text = bytes.TrimSpace(text)
	err := json.Unmarshal(text, into)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return prefixed(path, fmt.Errorf("malformed JSON: %w", err))
	}
	// Unmarshal takes null for any type, and leaves the value as it is.
	if err != nil || string(text) == "null" {
		return prefixed(path, fmt.Errorf("%s is not %s", excerpt(text), kind))
	}
	return nil
}

// A field's command-line flag is its JSON name in kebab-case.
func flagName(field string) string {
	var flag strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			flag.WriteByte('-')
		}
		flag.WriteRune(unicode.ToLower(r))
	}
	return flag.String()
}

// ParseArguments reads flags and positional arguments into the input
// that a demo's Defaults made. read returns the content of the file that
// --input @file names.
func ParseArguments(
	arguments []string, input any, read func(name string) ([]byte, error),
) error {
	into := reflect.ValueOf(input).Elem()
	fields := make(map[string]reflect.Value)
	flags := []string{"--input"}
	for name, field := range fieldsByName(into) {
		fields["--"+flagName(name)] = field
	}
	for _, name := range names(into) {
		flags = append(flags, "--"+flagName(name))
	}

	var positional []string
	for len(arguments) > 0 {
		argument := arguments[0]
		arguments = arguments[1:]
		if argument == "--" {
			positional = append(positional, arguments...)
			break
		}
		if !strings.HasPrefix(argument, "-") || argument == "-" {
			positional = append(positional, argument)
			continue
		}

		flag, value, joined := strings.Cut(argument, "=")
		field, known := fields[flag]
		if !known && flag != "--input" {
			return Unknown("flag", flag, flags)
		}
		if !joined {
			if len(arguments) == 0 {
				return fmt.Errorf("%s needs a value", flag)
			}
			value = arguments[0]
			arguments = arguments[1:]
		}

		var err error
		if flag == "--input" {
			err = decodeInput(value, input, read)
		} else {
			err = parseValue(value, field)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}

	if len(positional) == 0 {
		return nil
	}
	paths, ok := fields["--paths"]
	if !ok {
		return fmt.Errorf("unexpected argument %q: this recipe takes no files",
			positional[0])
	}
	paths.Set(reflect.AppendSlice(paths, reflect.ValueOf(positional)))
	return nil
}

func decodeInput(
	value string, input any, read func(name string) ([]byte, error),
) error {
	text := []byte(value)
	if name, ok := strings.CutPrefix(value, "@"); ok {
		var err error
		if text, err = read(name); err != nil {
			return fmt.Errorf("cannot read %s: %w", name, Reason(err))
		}
	}
	return Decode(text, input)
}

// parseValue reads a flag's value. Arrays are JSON or, where their
// elements are numbers or strings, comma separated.
func parseValue(text string, into reflect.Value) error {
	switch into.Kind() {
	case reflect.Pointer:
		value := reflect.New(into.Type().Elem())
		if err := parseValue(text, value.Elem()); err != nil {
			return err
		}
		into.Set(value)
		return nil
	case reflect.Int:
		number, err := strconv.ParseInt(text, 10, strconv.IntSize)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		into.SetInt(number)
		return nil
	case reflect.String:
		into.SetString(text)
		return nil
	case reflect.Slice:
		element := into.Type().Elem().Kind()
		if strings.HasPrefix(text, "[") || element == reflect.Struct {
			return decodeValue([]byte(text), into, "")
		}
		var parts []string
		if text != "" {
			parts = strings.Split(text, ",")
		}
		slice := reflect.MakeSlice(into.Type(), len(parts), len(parts))
		for i, part := range parts {
			if err := parseValue(part, slice.Index(i)); err != nil {
				return err
			}
		}
		into.Set(slice)
		return nil
	default:
		panic("cookbook: no flag for " + into.Type().String())
	}
}

// Flags describes the flags of a demo, one line each, with the defaults.
func Flags(input any) []string {
	into := reflect.ValueOf(input).Elem()
	fields := fieldsByName(into)
	var lines []string
	for _, name := range names(into) {
		line := "--" + flagName(name)
		if fields[name].Kind() != reflect.Pointer {
			value, err := Line(fields[name].Interface())
			if err != nil {
				panic(err)
			}
			line += " " + string(bytes.TrimSpace(value))
		} else {
			line += " (absent)"
		}
		lines = append(lines, line)
	}
	return lines
}

// names returns the JSON names of a struct's fields in their order.
func names(of reflect.Value) []string {
	var names []string
	for i := range of.NumField() {
		names = append(names, jsonName(of.Type().Field(i)))
	}
	return names
}

func fieldsByName(of reflect.Value) map[string]reflect.Value {
	fields := make(map[string]reflect.Value)
	for i := range of.NumField() {
		fields[jsonName(of.Type().Field(i))] = of.Field(i)
	}
	return fields
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func prefixed(path string, err error) error {
	if path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func excerpt(text []byte) string {
	const most = 40
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}
