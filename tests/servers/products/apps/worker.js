export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/boom") throw new Error("boom");
    return new Response("{}", { status: pathname === "/" ? 200 : 404, headers: { "Content-Type": "application/json" } });
  },
};
