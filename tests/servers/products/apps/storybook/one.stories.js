export default { title: "One" };
export const First = { render: () => "<p>one</p>" };
