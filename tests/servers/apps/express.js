// A small API: everything needs `Authorization` or a cookie, OPTIONS included, as middleware that knows nothing of CORS would have it.
const express = require("express");

const app = express();
app.disable("etag");
//[advice]
app.use((request, response, next) => {
  if (request.get("Authorization") || request.get("Cookie")) return next();
  response.status(401).json({ error: "who are you?" });
});
app.all("/items", (request, response) => {
  response.set({ ETag: '"v1"', "X-Total-Count": "2" }).json(["a", "b"]);
});
app.get("/boom", () => {
  throw new Error("boom");
});
const server = app.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
process.on("SIGTERM", () => server.close(() => process.exit(0)) && server.closeAllConnections());
