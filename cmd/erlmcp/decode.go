package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// field is one member of an object, or one pair of a proplist.
type field struct {
	name  string
	value any
}

// fields are an object in its order.
type fields []field

// get is the value of a field; nil without it.
func (f fields) get(name string) any {
	for _, m := range f {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// text is the value of a field in a word.
func (f fields) text(name string) string { return cell(f.get(name)) }

// decode reads JSON that keeps the order of members: fields for objects and proplists, []any for other arrays,
// json.Number for numbers.
func decode(text json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil {
		return nil, fmt.Errorf("the node's answer: %w", err)
	}
	return v, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if delim == '{' {
		object := fields{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			object = append(object, field{name.(string), v})
		}
		_, err = d.Token()
		return object, err
	}
	var list []any
	for d.More() {
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err = d.Token()
	return proplist(list), err
}

// proplist is a list of pairs with names as fields, any other list itself.
func proplist(list []any) any {
	object := fields{}
	for _, v := range list {
		pair, ok := v.([]any)
		if !ok || len(pair) != 2 {
			return list
		}
		name, ok := pair[0].(string)
		if !ok {
			return list
		}
		object = append(object, field{name, pair[1]})
	}
	if len(object) == 0 {
		return list
	}
	return object
}

// decodeRows reads a list of objects; what is no object in it becomes one with the column value.
func decodeRows(text json.RawMessage) ([]fields, error) {
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	return rowsOf(v), nil
}

// rowsOf is a value as rows: a list, or else one.
func rowsOf(v any) []fields {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	rows := make([]fields, len(list))
	for i, m := range list {
		if rows[i], ok = m.(fields); !ok {
			rows[i] = fields{{"value", m}}
		}
	}
	return rows
}

// cell is a value as one word of a table.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		if v == "" || v == "undefined" {
			return "-"
		}
		return strings.ReplaceAll(printable(v), "\n", " ")
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case fields:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = m.name + "=" + cell(m.value)
		}
		return strings.Join(parts, " ")
	case []any:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = cell(m)
		}
		if len(parts) == 0 {
			return "-"
		}
		return strings.Join(parts, " ")
	default:
		return fmt.Sprint(v)
	}
}

// writeFields prints an object as lines of name and value.
func writeFields(w io.Writer, text json.RawMessage) error {
	v, err := decode(text)
	if err != nil {
		return err
	}
	object, ok := v.(fields)
	if !ok {
		_, err := fmt.Fprintln(w, cell(v))
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range object {
		fmt.Fprintf(t, "%s\t%s\n", strings.ReplaceAll(m.name, "_", " "), cell(m.value)) // errors come with Flush
	}
	return t.Flush()
}

// arrange puts objects into columns, those of the given that any object has.
func arrange(rows []fields, names ...string) (columns []string, cells [][]string) {
	var order []string
	for _, name := range names {
		if slices.ContainsFunc(rows, func(r fields) bool { return r.get(name) != nil }) {
			order = append(order, name)
			columns = append(columns, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
		}
	}
	for _, r := range rows {
		row := make([]string, len(order))
		for i, name := range order {
			row[i] = r.text(name)
		}
		cells = append(cells, row)
	}
	return columns, cells
}

// writeRows prints objects as a table, see arrange.
func writeRows(w io.Writer, rows []fields, names ...string) error {
	columns, cells := arrange(rows, names...)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{columns}, cells...) {
		fmt.Fprintln(t, strings.Join(row, "\t")) // errors come with Flush
	}
	return t.Flush()
}
