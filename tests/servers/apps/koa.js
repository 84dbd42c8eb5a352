// A small API: everything needs `Authorization` or a cookie, OPTIONS included.
const Koa = require("koa");

const app = new Koa();
app.silent = true;
//[advice]
app.use(async (ctx, next) => {
  if (ctx.get("Authorization") || ctx.get("Cookie")) return next();
  ctx.status = 401;
  ctx.body = { error: "who are you?" };
});
app.use(async (ctx) => {
  if (ctx.path === "/boom") throw new Error("boom");
  if (ctx.path !== "/items") return;
  ctx.set({ ETag: '"v1"', "X-Total-Count": "2" });
  ctx.body = ["a", "b"];
});
app.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
