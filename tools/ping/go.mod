module github.com/erlmcp/erlmcp/tools/ping

go 1.26.8
