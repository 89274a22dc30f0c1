# Briefing Hub as web, worker or timetable; docker-compose.yml says which. Slim and not root.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 VAR_DIR=/var/lib/briefing-hub

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin hub \
    && install --directory --owner=hub --group=hub /app /var/lib/briefing-hub
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --only-binary=:all: --root-user-action=ignore -r requirements.txt

COPY --chown=hub:hub . .
USER hub
# The static files belong to the code, so they are gathered once, here; the key serves this line alone.
RUN python manage.py collectstatic --no-input --verbosity 0 && rm -f /var/lib/briefing-hub/secret_key

EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["python", "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "0.0.0.0:8000", "config.wsgi"]
