// Before anything is drawn: the theme that was chosen, else the system's.
const chosenTheme = localStorage.getItem("theme");
const systemTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = chosenTheme ?? systemTheme;
