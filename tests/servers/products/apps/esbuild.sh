# esbuild serves as long as its input is open.
mkfifo @FOLDER@/input
exec esbuild --serve=127.0.0.1:@PORT@ --servedir=@MODULES@/esbuild <>@FOLDER@/input
