#!/bin/sh
# busybox netstat, whose Debian build does not know -p (the program of a socket): the letter is left out.
n=$#
while [ "$n" -gt 0 ]; do
  n=$((n - 1))
  arg=$1
  shift
  case $arg in
  --programs | -p) continue ;;
  --*) ;;
  -*p*) arg=${arg%%p*}${arg#*p} ;;
  esac
  set -- "$@" "$arg"
done
exec busybox netstat "$@"
