export const prerender = false;
export const GET = () => Response.json({});
export const POST = GET;
export const PUT = GET;
