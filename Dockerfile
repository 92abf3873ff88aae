# The API. Build the index outside (or in a second container on the same volume) and mount it at /var/related:
#   docker build -t related-api . && docker run -p 8000:8000 -v "$PWD/var:/var/related:ro" related-api
FROM python:3.11-slim

RUN useradd --create-home related
WORKDIR /app
COPY requirements.lock ./
# PyTorch's CPU wheels are enough, and far smaller than the default ones: give their index with
# --build-arg PIP_EXTRA_INDEX_URL=… (pip reads the variable itself).
ARG PIP_EXTRA_INDEX_URL
RUN pip install --no-cache-dir -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY recommender recommender
COPY index index
COPY api api
COPY eval eval
RUN pip install --no-cache-dir --no-deps .

USER related
ENV HF_HUB_OFFLINE=1 RELATED_STORE=/var/related
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["related-api", "--host", "0.0.0.0"]
