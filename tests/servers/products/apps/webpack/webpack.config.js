module.exports = {
  mode: "development",
  entry: "@FOLDER@/webpack/main.js",
  devServer: { port: @PORT@, host: "127.0.0.1", allowedHosts: "auto", client: false, open: false },
};
