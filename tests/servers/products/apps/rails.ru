# Rails with rack-cors: one origin is allowed. Forms' controllers check the CSRF token, an API's do not.
require "rails"
require "action_controller/railtie"
require "rack/cors"

class PagesController < ActionController::Base
  protect_from_forgery with: :exception
  def read = render(json: {})
end

class ItemsController < ActionController::API
  def read = render(json: {})
  def boom = raise("boom")
  def invalid = render(json: { errors: { name: ["can't be blank"] } }, status: 422)
end

class Products < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.consider_all_requests_local = false
  config.secret_key_base = "of a test"
  config.hosts.clear
  config.logger = Logger.new(nil)
  config.middleware.insert_before 0, Rack::Cors do
    allow do
      origins ENV["ALLOWED"]
      resource "*", headers: :any, methods: %i[get post put delete options]
    end
  end
  routes.append do
    root to: "items#read"
    get "/folder/", to: "items#read"
    get "/boom", to: "items#boom"
    post "/upload", to: "items#read"
    post "/form", to: "pages#read"
    post "/invalid", to: "items#invalid"
    put "/thing", to: "items#read"
  end
end

Rails.application.initialize!
run Rails.application
