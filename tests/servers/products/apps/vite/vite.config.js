export default { server: { allowedHosts: ["api.vite-fixed.test"], cors: { origin: "@ORIGIN@" } } };
