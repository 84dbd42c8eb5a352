# run.sh FILE ORIGIN [NAME]: compiled against Debian's packages.
set -e
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE=@INSTALLED@/go go build -o @FOLDER@/server @FOLDER@/go/$1
GIN_MODE=release exec @FOLDER@/server @PORT@ "$2" $3
