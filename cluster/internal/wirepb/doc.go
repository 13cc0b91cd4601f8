// Package wirepb is what nodes send each other, as protobuf. The package cluster owns the meaning.
//
// Stability: the wire format of a minor version of the protocol; fields are only ever added.
package wirepb

//go:generate sh -c "GOBIN=$PWD/../../../bin go install google.golang.org/protobuf/cmd/protoc-gen-go && protoc --plugin=$PWD/../../../bin/protoc-gen-go --go_out=. --go_opt=paths=source_relative wire.proto"
