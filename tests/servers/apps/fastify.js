// A small API: everything needs `Authorization` or a cookie, OPTIONS included.
const fastify = require("fastify");

async function main() {
  const app = fastify();
  //[advice]
  app.addHook("onRequest", async (request, reply) => {
    if (!request.headers.authorization && !request.headers.cookie) return reply.code(401).send({ error: "who are you?" });
  });
  app.route({
    method: ["GET", "POST", "PUT"],
    url: "/items",
    handler: async (request, reply) => {
      reply.header("ETag", '"v1"').header("X-Total-Count", "2");
      return ["a", "b"];
    },
  });
  app.get("/boom", async () => {
    throw new Error("boom");
  });
  await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
  process.on("SIGTERM", () => process.exit(0));
}
main();
