package repl

import (
	"crypto/md5"
	"hash/adler32"
	"hash/crc32"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

func md5Of(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(data)
	return term.Bytes(sum[:]), nil
}

func crc32Of(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	return Int(crc32.ChecksumIEEE(data)), err
}

func adler32Of(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	return Int(adler32.Checksum(data)), err
}
