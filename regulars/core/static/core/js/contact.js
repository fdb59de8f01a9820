// A contact form in a frame tells the page around it how tall it is. It says nothing else, to whoever asks.
const tell = () => parent.postMessage({ formHeight: document.querySelector("main").getBoundingClientRect().height }, "*");
new ResizeObserver(tell).observe(document.querySelector("main"));
addEventListener("load", tell);
