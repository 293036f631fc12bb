"use strict";

SwaggerUIBundle({
    url: "../openapi.json",
    dom_id: "#reference",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // Nobody else is asked whether the document is valid.
    validatorUrl: null,
});
