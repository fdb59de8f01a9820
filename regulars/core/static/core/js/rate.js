// A rating page opened by a person sends itself: one click in the mail is enough. Programs that only look send nothing.
const form = document.querySelector("form[data-rate]:not([data-kept])");
if (form) form.requestSubmit();
